import { scriptText } from './node-scripts.ts';
import { clockLine, makeScripts, runLine, type Scripts } from './scripts.ts';

/** Key that holds the time in ms for `clockedScripts`. */
export const testClockKey = 'test:clock';
/** Key that names the start of Redis for `clockedScripts`: another name is another start. */
export const testRunKey = 'test:run';

/**
 * The room's commands with the lines replaced that read the clock and name the Redis: tests move
 * time by hand, and say when Redis began anew.
 */
export function clockedScripts(): Scripts {
  const prelude = replaced(
    replaced(
      scriptText('prelude'),
      clockLine,
      `local now = tonumber(redis.call('GET', '${testClockKey}'))`,
    ),
    runLine,
    `return redis.call('GET', '${testRunKey}') or 'first'`,
  );
  return makeScripts((name) => (name === 'prelude' ? prelude : scriptText(name)));
}

function replaced(text: string, line: string, other: string): string {
  if (!text.includes(line)) throw new Error(`the prelude has no line: ${line}`);
  return text.replace(line, other);
}
