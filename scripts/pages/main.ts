import { buildPages } from './build.ts';

// `npm run pages`: bundles the scripts of shoppers' pages where they are missing or older than their sources.

await buildPages(console.log);
