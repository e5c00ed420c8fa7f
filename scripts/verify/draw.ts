import { verify } from './run.ts';

/** `npm run verify-draw`: written from docs/draw.md, it shares no code with what it checks. */
const { exitCode, lines } = await verify('draw', process.argv.slice(2));
for (const line of lines) console.log(line);
process.exitCode = exitCode;
