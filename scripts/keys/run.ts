import { existsSync } from 'node:fs';
import { passSecondsMax } from '@fairgate/shared/token/pass.ts';
import { SetupError } from '../setup-error.ts';
import { changeKeyFile, type KeyFile, readKeyFile } from './key-file.ts';
import {
  type AnyKey,
  type Kind,
  makeHmacKey,
  makePurchaseKey,
  rotated,
  stateOf,
  type TicketKey,
  withNew,
  withoutExpired,
} from './key-set.ts';
import { type KeyCommand, kinds } from './options.ts';
import { makeVapidKey, vapidKid } from './vapid-key.ts';

/**
 * Purchase tokens live an hour at most (CONTRACT.md section 5), and for 24 h more their stored answers
 * are given to whoever shows them (section 4); an outage may lengthen both.
 */
export const purchaseTokenSeconds = (1 + 24 + 1) * 3_600;
/** Tickets live until 24 h after the sale's end, and a sale may last for months; passes as long, and links in mails. */
const ticketSeconds = passSecondsMax;

/** Does what was asked, and returns what is to be printed. Throws a SetupError for nonsense. */
export function runKeys(command: KeyCommand, now: Date): string {
  const { file } = command;
  if (!existsSync(file)) {
    if (command.verb === 'new' && !command.ofStack) return firstKeys(file, now);
    throw new SetupError(`${file} is not there: "new --file ${file}" makes it.`);
  }
  switch (command.verb) {
    case 'list': {
      const keys = readKeyFile(file);
      return command.isPublic ? publicSet(keys) : listing(keys, command.kinds, now);
    }
    case 'new':
      return changed(command, now, {
        ticket: (keys) => withNew(keys, makeHmacKey(now), 'ticket'),
        purchase: (keys) => withNew(keys, makePurchaseKey(now), 'purchase'),
        later: (keys, kind) =>
          keys.length === 0 ? [firstHmacKey(now)] : withNew(keys, makeHmacKey(now), kind),
      });
    case 'rotate':
      return changed(command, now, {
        ticket: (keys) => rotated(keys, now, { ...command, kind: 'ticket' }),
        purchase: (keys) => rotated(keys, now, { ...command, kind: 'purchase' }),
        later: (keys, kind) => rotated(keys, now, { ...command, kind }),
      });
    case 'retire':
      return changed(command, now, {
        ticket: (keys) => withoutExpired(keys, now, ticketSeconds),
        purchase: (keys) => withoutExpired(keys, now, purchaseTokenSeconds),
        later: (keys) => withoutExpired(keys, now, ticketSeconds),
      });
  }
}

type Changes = {
  ticket(keys: KeyFile['ticketKeys']['keys']): KeyFile['ticketKeys']['keys'];
  purchase(keys: KeyFile['purchaseKeys']['keys']): KeyFile['purchaseKeys']['keys'];
  /** Of none, in a file from before there was that kind. */
  later(keys: TicketKey[], kind: (typeof laterKinds)[number]): TicketKey[];
};

/** Kinds that a file may lack. */
const laterKinds = ['pass', 'notice', 'webhook'] as const;

function changed(command: KeyCommand, now: Date, changes: Changes): string {
  const after = changeKeyFile(command.file, () => {
    const keys = readKeyFile(command.file);
    const { ticketKeys, purchaseKeys } = keys;
    if (command.kinds.includes('ticket')) {
      keys.ticketKeys = { keys: changes.ticket(ticketKeys.keys) };
    }
    if (command.kinds.includes('purchase')) {
      keys.purchaseKeys = { keys: changes.purchase(purchaseKeys.keys) };
    }
    for (const kind of laterKinds) {
      const present = keys[`${kind}Keys`];
      if (!command.kinds.includes(kind)) continue;
      if (present === undefined && command.verb !== 'new') continue;
      // Rotated for itself alone: its old keys stay, and would fill the set month by month.
      if (kind === 'webhook' && present !== undefined && command.kinds.length > 1) continue;
      keys[`${kind}Keys`] = { keys: changes.later(present?.keys ?? [], kind) };
    }
    if (command.kinds.includes('vapid') && command.verb === 'new') {
      keys.vapidKey ??= makeVapidKey(now);
    }
    return keys;
  });
  return `${listing(after, command.kinds, now)}\n\n${nextStep(command, after)}`;
}

function firstKeys(file: string, now: Date): string {
  const at = now.toISOString();
  const keys = changeKeyFile(file, () => {
    if (existsSync(file)) throw new SetupError(`${file} was made by another run just now.`);
    return {
      ticketKeys: { keys: [firstHmacKey(now)] },
      purchaseKeys: { keys: [{ ...makePurchaseKey(now), signsSince: at }] },
      passKeys: { keys: [firstHmacKey(now)] },
      noticeKeys: { keys: [firstHmacKey(now)] },
      webhookKeys: { keys: [firstHmacKey(now)] },
      vapidKey: makeVapidKey(now),
    };
  });
  return `${listing(keys, kinds, now)}\n\nThe first keys are in ${file}; docs/operations.md says where they go.`;
}

function firstHmacKey(now: Date): TicketKey {
  return { ...makeHmacKey(now), signsSince: now.toISOString() };
}

function nextStep({ verb, ofStack, kinds }: KeyCommand, after: KeyFile): string {
  const give = ofStack
    ? 'Start the stack again, so that the services have the set'
    : 'Give each set to those who need it (docs/operations.md)';
  const [only] = kinds.length === 1 ? kinds : [];
  if (only === 'webhook') return `${give}${nextOfWebhooks(verb, after)}.`;
  if (verb === 'new' && only !== 'vapid') {
    return `${give}; "rotate" when every verifier knows the new key, 10 minutes later at the earliest.`;
  }
  if (verb === 'rotate')
    return `${give}. "retire" drops the old key when its last token has expired.`;
  return `${give}.`;
}

/** None of these keys is retired: what one has sealed is opened by it alone. */
function nextOfWebhooks(verb: KeyCommand['verb'], { webhookKeys }: KeyFile): string {
  const keys = webhookKeys?.keys ?? [];
  if (verb === 'rotate') {
    const until = 'take it out by hand when each webhook has a new secret (docs/operations.md)';
    return `. The old key goes on opening what it has sealed: ${until}`;
  }
  if (!keys.some((key) => stateOf(keys, key) === 'next')) return '';
  return '; "rotate --kind webhook" when every queue service has it, 10 minutes later at the earliest';
}

/** What verifies purchase tokens, as the checkouts get it in FAIRGATE_PURCHASE_JWKS. */
function publicSet({ purchaseKeys }: KeyFile): string {
  const keys = purchaseKeys.keys.map(({ kty, crv, x, kid, alg, use }) => {
    return { kty, crv, x, kid, alg, use };
  });
  return JSON.stringify({ keys });
}

function listing(file: KeyFile, kinds: KeyCommand['kinds'], now: Date): string {
  const rows = kinds.flatMap((kind) => {
    if (kind === 'vapid') return vapidRow(file, now);
    const keys: AnyKey[] = file[`${kind}Keys`]?.keys ?? [];
    return keys.map((key) => [kind, key.kid, ageOf(key, now), deedOf(keys, key, kind)]);
  });
  const all = [['kind', 'kid', 'age', 'does'], ...rows];
  const width = (column: number) => Math.max(...all.map((row) => row[column]?.length ?? 0));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(width(column)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function vapidRow({ vapidKey: key }: KeyFile, now: Date): string[][] {
  if (key === undefined) return [];
  return [['vapid', vapidKid(key), ageOf(key, now), 'signs push messages, for good']];
}

function deedOf(keys: readonly AnyKey[], key: AnyKey, kind: Kind): string {
  const [signs, verifies, signed] =
    kind === 'webhook' ? ['seals', 'opens', 'sealed'] : ['signs', 'verifies', 'signed'];
  switch (stateOf(keys, key)) {
    case 'signs':
      return `${signs} and ${verifies}`;
    case 'next':
      return `${verifies}, ${signs} after the next rotation`;
    case 'verifies':
      return `${verifies}; ${signed} until ${key.signedUntil}`;
  }
}

function ageOf({ createdAt }: Pick<AnyKey, 'createdAt'>, now: Date): string {
  if (createdAt === undefined) return 'unknown';
  const hours = Math.max(0, Math.floor((now.getTime() - Date.parse(createdAt)) / 3_600_000));
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}
