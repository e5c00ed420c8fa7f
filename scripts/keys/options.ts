import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, SetupError } from '../setup-error.ts';
import { repositoryFolder } from '../toolchain/folders.ts';
import type { Kind } from './key-set.ts';

export const verbs = ['new', 'rotate', 'list', 'retire'] as const;
export const kinds = [
  'ticket',
  'purchase',
  'pass',
  'notice',
  'webhook',
  'vapid',
] as const satisfies (Kind | 'vapid')[];
export type Verb = (typeof verbs)[number];

export type KeyCommand = {
  verb: Verb;
  file: string;
  /** The file belongs to a stack, which reads it at its start. */
  ofStack: boolean;
  kinds: readonly (typeof kinds)[number][];
  isPublic: boolean;
  /** Rotates in a key that not everyone may know yet. */
  isNow: boolean;
};

export const keysUsage = `Usage: npm run keys -- new | rotate | list | retire [options]

  new      publishes a key of each kind that does not sign yet; of push messages (vapid) the one
           pair that there is for good, and of webhooks the first key, where there is none yet
  rotate   makes the newest published key sign; the one before it goes on verifying
  list     shows kid, kind, age, and what each key does; never a secret
  retire   drops keys whose last token has expired

  --file PATH       a file of keys for production (made by "new", readable by its owner alone)
  --data-dir PATH   the secrets of a local stack in PATH (default .local, or FAIRGATE_DATA_DIR)
  --kind KIND       ticket, purchase, pass, notice, webhook or vapid alone; what secrets of webhooks
                    are kept under is rotated by it alone, and never retired
  --now             with rotate: also where the new key is younger than ten minutes (one has leaked)
  --public          with list: the public set for FAIRGATE_PURCHASE_JWKS, and nothing else
`;

/** The command line. Undefined where help was asked for; throws a SetupError for what it cannot read. */
export function parseKeyCommand(
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): KeyCommand | undefined {
  const { values, positionals } = parsed(args);
  if (values.help) return undefined;
  const [verb, ...more] = positionals;
  if (!isOneOf(verbs, verb) || more.length > 0)
    throw refusal('Say one of new, rotate, list, retire.');
  if (values.kind !== undefined && !isOneOf(kinds, values.kind)) {
    throw refusal(
      `--kind is ${values.kind}; it is ticket, purchase, pass, notice, webhook or vapid.`,
    );
  }
  if (values.kind === 'vapid' && (verb === 'rotate' || verb === 'retire')) {
    throw refusal('The key of push messages stays: every browser has subscribed with it.');
  }
  if (values.kind === 'webhook' && verb === 'retire') {
    const how = 'take it out by hand when each webhook has a new secret (docs/operations.md)';
    throw refusal(`A key of webhooks opens what it has sealed: ${how}.`);
  }
  if (values.public && verb !== 'list') throw refusal('--public goes with list.');
  if (values.now && verb !== 'rotate') throw refusal('--now goes with rotate.');
  if (values.file !== undefined && values['data-dir'] !== undefined) {
    throw refusal('--file and --data-dir name two places; leave one out.');
  }
  const folder = values['data-dir'] ?? env.FAIRGATE_DATA_DIR ?? join(repositoryFolder, '.local');
  return {
    verb,
    file: resolve(values.file ?? join(folder, 'secrets.json')),
    ofStack: values.file === undefined,
    kinds: values.kind === undefined ? kinds : [values.kind],
    isPublic: values.public ?? false,
    isNow: values.now ?? false,
  };
}

function parsed(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const flags = { public: flag, now: flag, help: flag };
  const options = { file: text, 'data-dir': text, kind: text, ...flags };
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw refusal(messageOf(error));
  }
}

function isOneOf<T extends string>(all: readonly T[], text: string | undefined): text is T {
  return all.some((one) => one === text);
}

function refusal(what: string): SetupError {
  return new SetupError(`${what}\n\n${keysUsage}`);
}
