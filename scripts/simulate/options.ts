import { parseArgs } from 'node:util';
import { z } from 'zod';
import { SetupError } from '../setup-error.ts';

export const usage = `Usage: npm run simulate -- [options]

Drives the room's scripts on a Redis of its own with seeded random commands, and checks after each
of them what the contract says always holds.

  --runs N      how many histories (1000)
  --seed N      the same seed, the same histories (a random one)
  --path P      with --seed and --replay: the counterexample that was printed
  --replay R
  --mutants     put a mistake into the scripts, one at a time, and see that each is found
`;

const optionsSchema = z.object({
  runs: z.coerce.number().int().min(1).max(100_000_000).default(1_000),
  seed: z.coerce.number().int().optional(),
  path: z.string().optional(),
  replay: z.string().optional(),
  mutants: z.boolean().default(false),
});
export type SimulateOptions = z.infer<typeof optionsSchema>;

/** Reads the command line; undefined where help was asked for. Throws a SetupError. */
export function parseSimulateArguments(args: string[]): SimulateOptions | undefined {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        ...{ runs: text, seed: text, path: text, replay: text },
        ...{ mutants: { type: 'boolean' }, help: { type: 'boolean' } },
      },
    });
    return values.help ? undefined : optionsSchema.parse(values);
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new SetupError(`${why}\n\n${usage}`);
  }
}
