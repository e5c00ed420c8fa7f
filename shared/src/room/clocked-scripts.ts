import { nodeScripts } from './node-scripts.ts';
import { clockLine, makeScripts, type Scripts } from './scripts.ts';

/** Key that holds the time in ms for `clockedScripts`. */
export const testClockKey = 'test:clock';

/** The room's commands with the one line that reads the clock replaced: tests move time by hand. */
export function clockedScripts(): Scripts {
  const plain = nodeScripts();
  const line = `local now = tonumber(redis.call('GET', '${testClockKey}'))`;
  return makeScripts((name) => {
    if (name === 'prelude') return '';
    const { source } = plain[name];
    if (!source.includes(clockLine)) throw new Error('the clock line is not in the prelude');
    return source.replace(clockLine, line);
  });
}
