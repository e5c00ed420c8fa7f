import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { z } from 'zod';
import { messageOf, SetupError } from '../setup-error.ts';
import { writeFileAtomically } from '../stack/atomic-file.ts';
import { type AnyKey, keysMax, purchaseKeySchema, ticketKeySchema } from './key-set.ts';
import { withSealKeys } from './seal-keys.ts';
import { vapidKeySchema } from './vapid-key.ts';

const setOf = <K extends z.ZodType<AnyKey>>(key: K, max: number) =>
  z.object({ keys: z.array(key).min(1).max(max) });

/** All sets, in a file of their own or among a stack's other secrets, which stay as they are. */
const keyFileSchema = z.looseObject({
  ticketKeys: setOf(ticketKeySchema, keysMax.ticket),
  purchaseKeys: setOf(purchaseKeySchema, keysMax.purchase),
  /** Not in files from before passes: "new" makes it. */
  passKeys: setOf(ticketKeySchema, keysMax.pass).optional(),
  /** Nor this one in files from before notices were signed. */
  noticeKeys: setOf(ticketKeySchema, keysMax.notice).optional(),
  /** Nor what secrets of webhooks are kept under. */
  webhookKeys: setOf(ticketKeySchema, keysMax.webhook).optional(),
  /** Not in files from before push messages: "new" makes it. */
  vapidKey: vapidKeySchema.optional(),
});
export type KeyFile = z.infer<typeof keyFileSchema>;

/** Reads the sets. Throws a SetupError, without the file's contents, where they cannot be had. */
export function readKeyFile(file: string): KeyFile {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const what = `${file} may be read by others (mode ${mode.toString(8)})`;
    throw new SetupError(`${what}: "chmod 600" it, and change keys that somebody may have seen.`);
  }
  try {
    return keyFileSchema.parse(withSealKeys(JSON.parse(readFileSync(file, 'utf8'))));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    throw new SetupError(`${file} cannot be read as a file of keys: ${why}`);
  }
}

/**
 * Writes what `change` makes of the file: whole or not at all, for its owner alone, and by one run at
 * a time. Where it is a link the file behind it changes. Throws a SetupError.
 */
export function changeKeyFile(file: string, change: () => KeyFile): KeyFile {
  const real = existsSync(file) ? realpathSync(file) : file;
  const lock = `${real}.lock`;
  takeLock(file, lock);
  try {
    const keys = change();
    write(real, keys);
    return keys;
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(file: string, lock: string): void {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(file, error);
    const why = `${file} is being changed by another run`;
    throw new SetupError(`${why}. If there is none, one was killed: remove ${lock}.`);
  }
}

function write(file: string, keys: KeyFile): void {
  try {
    writeFileAtomically(file, `${JSON.stringify(keys, null, 2)}\n`, 0o600);
    chmodSync(file, 0o600);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): SetupError {
  return new SetupError(`${file} cannot be written: ${messageOf(error)}`);
}

/** A syntax error quotes what it stumbled over, which may be a key. */
function reasonOf(error: unknown): string {
  return error instanceof SyntaxError ? 'it is no JSON' : messageOf(error);
}
