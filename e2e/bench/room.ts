import { parseArgs } from 'node:util';
import { measureGone } from './room/gone.ts';
import { measureJoins } from './room/joins.ts';
import { measureLottery } from './room/lottery.ts';
import { measureMillion } from './room/million.ts';
import { measurePolls } from './room/polls.ts';

// `npm run bench:room`: the waiting room's speed and scale, on real Redis and workerd.
// `--help` shows the options.

const { values } = parseArgs({
  options: {
    /** Which parts: all where none is named. */
    only: { type: 'string', default: 'million,lottery,gone,polls,joins,cluster' },
    rounds: { type: 'string', default: '3' },
    places: { type: 'string', default: '1000000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('--only million,lottery,gone,polls,joins,cluster --rounds 3 --places 1000000');
  process.exit(0);
}
const isAsked = (part: string) => values.only.split(',').includes(part);

const places = Number(values.places);
const rounds = Number(values.rounds);

if (isAsked('million')) await measureMillion(places);
if (isAsked('lottery')) await measureLottery(places);
if (isAsked('gone')) await measureGone(places / 10);
if (isAsked('polls')) await measurePolls('one', rounds, places);
if (isAsked('joins')) await measureJoins('one', rounds);
if (isAsked('cluster')) {
  console.log('eight sales at once, on a cluster of three masters:');
  await measurePolls('cluster', rounds, places);
  await measureJoins('cluster', rounds);
}
