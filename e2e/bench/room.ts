import { parseArgs } from 'node:util';
import { measureMillion } from './room/million.ts';

// `npm run bench:room`: the waiting room's speed and scale, on real Redis and workerd.
// `--help` shows the options.

const { values } = parseArgs({
  options: {
    /** Which parts: all where none is named. */
    only: { type: 'string', default: 'million' },
    places: { type: 'string', default: '1000000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('--only million --places 1000000');
  process.exit(0);
}
const isAsked = (part: string) => values.only.split(',').includes(part);

if (isAsked('million')) await measureMillion(Number(values.places));
