import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Keys that secrets are kept under: the first seals, all of them open. 32 bytes each. */
export type SealKeys = readonly Buffer[];

export type Sealer = {
  /** AES-256-GCM, bound to what it belongs to: a row that is copied to another one does not open. */
  seal(secret: string, owner: string): string;
  /** Null where none of the keys opens it. */
  open(sealed: string, owner: string): string | null;
};

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

export function sealer(keys: SealKeys): Sealer {
  return {
    seal(secret, owner) {
      const [key] = keys;
      if (key === undefined) throw new Error('there is no key to seal with');
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(owner));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url');
    },
    open(sealed, owner) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < nonceBytes + tagBytes) return null;
      for (const key of keys) {
        const opened = tryOpen(key, bytes, owner);
        if (opened !== null) return opened;
      }
      return null;
    },
  };
}

function tryOpen(key: Buffer, bytes: Buffer, owner: string): string | null {
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes))
    .setAAD(Buffer.from(owner))
    .setAuthTag(bytes.subarray(-tagBytes));
  try {
    const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}
