import { messageOf, SetupError } from '../setup-error.ts';
import { keysUsage, parseKeyCommand } from './options.ts';
import { runKeys } from './run.ts';

/** `npm run keys`: key sets of tickets and purchase tokens (docs/operations.md). */
try {
  const command = parseKeyCommand(process.argv.slice(2));
  console.log(command === undefined ? keysUsage : runKeys(command, new Date()));
} catch (error) {
  console.error(error instanceof SetupError ? messageOf(error) : error);
  process.exitCode = 1;
}
