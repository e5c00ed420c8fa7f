import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, SetupError } from '../setup-error.ts';
import { writeFileAtomically } from '../stack/atomic-file.ts';
import { keysMax, purchaseKeySchema, ticketKeySchema } from './key-set.ts';

const setOf = <K extends z.ZodType>(key: K) => z.object({ keys: z.array(key).min(1).max(keysMax) });

/** Both sets, in a file of their own or among a stack's other secrets, which stay as they are. */
const keyFileSchema = z.looseObject({
  ticketKeys: setOf(ticketKeySchema),
  purchaseKeys: setOf(purchaseKeySchema),
});
export type KeyFile = z.infer<typeof keyFileSchema>;

/** Reads both sets. Throws a SetupError, without the file's contents, where they cannot be had. */
export function readKeyFile(file: string): KeyFile {
  if (!existsSync(file)) {
    throw new SetupError(`${file} is not there: "new --file ${file}" makes it.`);
  }
  try {
    return keyFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    throw new SetupError(`${file} cannot be read as a file of keys: ${why}`);
  }
}

/** Whole or not at all, and for its owner alone. */
export function writeKeyFile(file: string, keys: KeyFile): void {
  writeFileAtomically(file, `${JSON.stringify(keys, null, 2)}\n`, 0o600);
  chmodSync(file, 0o600);
}

/** A syntax error quotes what it stumbled over, which may be a key. */
function reasonOf(error: unknown): string {
  return error instanceof SyntaxError ? 'it is no JSON' : messageOf(error);
}
