import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { repositoryFolder } from '../../scripts/toolchain/folders.ts';

export const usage = `Usage: npm run crowd -- [options]

Sends simulated shoppers through the public API of a running stack (npm start), and reports.

  --shoppers N         how many come (500)
  --units N            units of the sale that is made for them (100); with --sale, that sale's own count
  --sale ID            send them to this sale instead of a new one
  --stack PATH         the stack's stack.json (.local/stack.json)
  --seed N             the same seed, the same shoppers (1)
  --arrival-seconds S  nobody comes later than this after the first (10)
  --leave SHARE        give up while waiting (0.05)
  --never-pay SHARE    take units and let the hold run out (0.05)
  --decline SHARE      try a card that is declined first (0.05)
  --absent SHARE       join and never come back (0.02)
  --concurrency N      requests under way at once (64)
  --max-seconds S      give up after this long (900)

Ends with code 1 where a unit was sold twice or somebody was let in out of order.
`;

const share = z.coerce.number().min(0).max(1);
const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const optionsSchema = z
  .object({
    shoppers: whole(1, 100_000).default(500),
    units: whole(1, 1_000_000).default(100),
    sale: z.string().optional(),
    stack: z.string().default(join(repositoryFolder, '.local', 'stack.json')),
    seed: whole(0, 4_294_967_295).default(1),
    'arrival-seconds': z.coerce.number().min(0).max(3_600).default(10),
    leave: share.default(0.05),
    'never-pay': share.default(0.05),
    decline: share.default(0.05),
    absent: share.default(0.02),
    concurrency: whole(1, 1_000).default(64),
    'max-seconds': whole(1, 86_400).default(900),
  })
  .refine((it) => it.leave + it['never-pay'] + it.absent <= 1, {
    error: '--leave, --never-pay and --absent together are more than everyone',
  });

export type CrowdOptions = z.infer<typeof optionsSchema>;

export type CrowdInvocation =
  | { kind: 'help' }
  | { kind: 'run'; options: CrowdOptions }
  | { kind: 'wrong'; mistakes: string[] };

/** Reads the command line; every mistake at once, each with its option. */
export function parseCrowdArguments(args: string[]): CrowdInvocation {
  const names = [...Object.keys(optionsSchema.shape)];
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        ...Object.fromEntries(names.map((name) => [name, text])),
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    const parsed = optionsSchema.safeParse(values);
    if (parsed.success) return { kind: 'run', options: parsed.data };
    const mistakes = parsed.error.issues.map((issue) => {
      return `${issue.path.map((part) => `--${String(part)}: `).join('')}${issue.message}`;
    });
    return { kind: 'wrong', mistakes };
  } catch (error) {
    return { kind: 'wrong', mistakes: [error instanceof Error ? error.message : String(error)] };
  }
}
