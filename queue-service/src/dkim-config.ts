import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import type { DkimSettings } from './app/ports.ts';

/** Compose passes a variable that .env leaves empty: that is none. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const name = z.string().regex(/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_-]+)*$/i, 'is no name');

/** RFC 8301 section 3.2: shorter keys verify nowhere. */
const modulusBitsMin = 1_024;

/** PEM; `\n` stands for a line break, which not every .env can hold. */
const rsaKey = z
  .string()
  .transform((text) => text.replaceAll(String.raw`\n`, '\n'))
  .refine(isRsaKey, 'is no private RSA key of 1,024 bits or more, as PEM');

export const dkimFields = {
  FAIRGATE_MAIL_DKIM_DOMAIN: optional(name),
  FAIRGATE_MAIL_DKIM_SELECTOR: optional(name),
  FAIRGATE_MAIL_DKIM_KEY: optional(rsaKey),
};

type DkimFields = {
  FAIRGATE_MAIL_DKIM_DOMAIN?: string | undefined;
  FAIRGATE_MAIL_DKIM_SELECTOR?: string | undefined;
  FAIRGATE_MAIL_DKIM_KEY?: string | undefined;
};

/** All of them, or none: each that is missing is named. */
export function checkDkim(settings: DkimFields, context: z.RefinementCtx): void {
  const names = Object.keys(dkimFields) as (keyof DkimFields)[];
  const missing = names.filter((field) => settings[field] === undefined);
  if (missing.length === names.length) return;
  for (const field of missing) {
    const message = 'is set together with the other settings FAIRGATE_MAIL_DKIM_…';
    context.addIssue({ code: 'custom', message, path: [field] });
  }
}

/** Null: mails are not signed here. */
export function dkimOf(settings: DkimFields): DkimSettings | null {
  const { FAIRGATE_MAIL_DKIM_DOMAIN: domain, FAIRGATE_MAIL_DKIM_SELECTOR: selector } = settings;
  const { FAIRGATE_MAIL_DKIM_KEY: privateKey } = settings;
  if (domain === undefined || selector === undefined || privateKey === undefined) return null;
  return { domain, selector, privateKey };
}

function isRsaKey(pem: string): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
    const { modulusLength = 0 } = asymmetricKeyDetails ?? {};
    return asymmetricKeyType === 'rsa' && modulusLength >= modulusBitsMin;
  } catch {
    return false;
  }
}
