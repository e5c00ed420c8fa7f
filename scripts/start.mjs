import { bootstrap } from './bootstrap.mjs';

await bootstrap('scripts/stack/main.ts', process.argv.slice(2));
