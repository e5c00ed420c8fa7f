import { verify } from './run.ts';

/** `npm run verify-log`: written from docs/draw.md, it shares no code with what it checks. */
const { exitCode, lines } = await verify('log', process.argv.slice(2));
for (const line of lines) console.log(line);
process.exitCode = exitCode;
