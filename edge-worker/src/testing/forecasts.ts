import { text } from 'node:stream/consumers';
import { saleStates } from '@fairgate/shared/sale.ts';
import { z } from 'zod';
import { etaRange } from '../domain/eta.ts';

// For `npm run bench:eta`: what shoppers would have been told. Reads a JSON list of questions from
// stdin, and prints the list of ranges.

const questionsSchema = z.array(
  z.object({
    pace: z.object({
      state: z.enum(saleStates),
      startsAt: z.number(),
      admitPerMinute: z.number(),
      admittedPerMinute: z.number(),
      guaranteeStock: z.boolean(),
      budget: z.number(),
      halted: z.boolean(),
      pace: z.object({ low: z.number(), high: z.number() }).nullable(),
      absentShare: z.number(),
    }),
    ahead: z.number(),
    nowMs: z.number(),
  }),
);

const questions = questionsSchema.parse(JSON.parse(await text(process.stdin)));
const answers = questions.map((q) => etaRange(q.pace, q.ahead, q.nowMs));
process.stdout.write(JSON.stringify(answers));
