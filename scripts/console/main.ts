import { buildConsole } from './build.ts';

// `npm run console`: builds the admin console where it is missing or older than its sources.

await buildConsole(console.log);
