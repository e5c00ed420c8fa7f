import { bootstrap } from './bootstrap.mjs';

// `node scripts/run.mjs <script> [arguments]`: any script of the repository, on a fresh clone too.
const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error('Usage: node scripts/run.mjs <script> [arguments]');
  process.exitCode = 2;
} else {
  await bootstrap(script, args);
}
