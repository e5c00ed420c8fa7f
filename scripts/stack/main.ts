import { type ChildProcess, spawn } from 'node:child_process';
import { messageOf, SetupError } from '../setup-error.ts';
import { repositoryFolder } from '../toolchain/folders.ts';
import { parseInvocation, type StackOptions, usage } from './options.ts';
import { type RunningStack, startStack } from './start.ts';

/** `npm start`: one stack, until a signal or the end of the terminal that it was started from. */
async function main(): Promise<number> {
  const invocation = parseInvocation(process.argv.slice(2), process.env);
  if (invocation.kind === 'help') {
    console.log(usage);
    return 0;
  }
  const { options } = invocation;
  const ending = untilAskedToEnd();
  const startedAt = Date.now();
  const stack = await startStack(options, { onLine: say, signal: ending.signal });
  printReady(stack, Date.now() - startedAt);
  const crowd = startCrowd(options, stack);
  await ending.asked;
  say('stopping');
  crowd?.kill('SIGTERM');
  await stack.stop();
  say('stopped');
  return 0;
}

function say(line: string): void {
  console.log(line);
}

/** Resolves at the first signal; further ones change nothing, for the stop is under way. */
function untilAskedToEnd(): { signal: AbortSignal; asked: Promise<void> } {
  const controller = new AbortController();
  const end = () => controller.abort(new SetupError('Stopped before the stack was ready.'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  // The bootstrap was killed, or npm was: nobody is left who could stop the stack.
  process.on('disconnect', end);
  process.channel?.unref();
  const asked = new Promise<void>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(), { once: true });
    // Signal handlers do not keep a process alive; with both stores elsewhere little else might.
    const alive = setInterval(() => {}, 60_000);
    controller.signal.addEventListener('abort', () => clearInterval(alive), { once: true });
  });
  return { signal: controller.signal, asked };
}

/** One line that begins with `ready`, and around it what a person wants to open next. */
function printReady(stack: RunningStack, tookMs: number): void {
  const { info } = stack;
  say('');
  say(`  shop      ${info.edgeUrl}/`);
  if (stack.demoSaleId !== undefined) say(`  demo sale ${info.edgeUrl}/sales/${stack.demoSaleId}`);
  say(`  checkout  ${info.checkoutUrl}/docs`);
  say(`  console   ${info.controlUrl}/console`);
  say(`  control   ${info.controlUrl}/docs`);
  say(`  inbox     ${info.mailUrl}/`);
  say(`  admin key ${info.adminKey}`);
  say(`  details   ${stack.infoFile}`);
  say('');
  const seconds = (tookMs / 1_000).toFixed(1);
  say(
    `ready in ${seconds} s: shop ${info.edgeUrl}, control ${info.controlUrl}, mail ${info.mailUrl}`,
  );
}

/** The crowd runs beside the stack, and its end is not the stack's. */
function startCrowd(options: StackOptions, stack: RunningStack): ChildProcess | undefined {
  if (options.crowdShoppers === 0) return undefined;
  if (stack.demoSaleId === undefined) {
    say('There is no running sale for the crowd: all sales in this data folder are over.');
    return undefined;
  }
  const who = ['--shoppers', `${options.crowdShoppers}`, '--sale', stack.demoSaleId];
  const args = ['e2e/crowd/main.ts', ...who, '--stack', stack.infoFile];
  const crowd = spawn(process.execPath, args, {
    cwd: repositoryFolder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  crowd.once('error', (error) => say(`The crowd did not start: ${error.message}`));
  return crowd;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof SetupError ? messageOf(error) : error);
  process.exitCode = 1;
}
// Nothing is left to do; a socket kept alive by a library must not hold the terminal.
process.exit();
