import { z } from 'zod';

/** A mistake in the settings: all of them together, each with its variable's name. */
export class SettingsError extends Error {
  constructor(mistakes: string[]) {
    super(`Settings are missing or wrong:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

/**
 * Parses the environment by a schema whose keys are the variables' names. Values are never
 * repeated in the message: they may be secrets.
 */
export function parseSettings<T>(schema: z.ZodType<T>, env: Record<string, unknown>): T {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new SettingsError(
    parsed.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`),
  );
}

/** Of key material: checked here, and never repeated in a message. */
export function keySetting<T>(parse: (json: string) => T, hint: string) {
  return z.string().transform((json, check): T => {
    try {
      return parse(json);
    } catch {
      check.addIssue({ code: 'custom', message: hint });
      return z.NEVER;
    }
  });
}

/** What is wrong with a set of HMAC keys (`token/hmac-jws.ts`). */
export const hmacKeysHint = 'must be {"keys":[{"kid","k"}]}, k of 32 bytes or more';
