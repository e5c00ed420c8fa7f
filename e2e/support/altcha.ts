import { createHash } from 'node:crypto';
import { z } from 'zod';
import { answered, call } from './http.ts';

/** A challenge as ALTCHA's first version publishes it. */
export const altchaShape = z.object({
  algorithm: z.literal('SHA-256'),
  challenge: z.string().regex(/^[0-9a-f]{64}$/),
  maxnumber: z.int().min(1),
  salt: z.string().min(1),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Altcha = z.infer<typeof altchaShape>;

/** What is sent back, as base64 of its JSON. Throws where no number fits. */
export function solveAltcha({ maxnumber, ...challenge }: Altcha): string {
  for (let number = 0; number <= maxnumber; number += 1) {
    const hash = createHash('sha256').update(`${challenge.salt}${number}`).digest('hex');
    if (hash !== challenge.challenge) continue;
    return Buffer.from(JSON.stringify({ ...challenge, number })).toString('base64');
  }
  throw new Error('the challenge has no solution');
}

/** A fresh challenge of the sale, solved. */
export async function solvedChallenge(
  edgeUrl: string,
  saleId: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const answer = await call(`${edgeUrl}/api/sales/${saleId}/challenge`, { headers });
  return solveAltcha(answered(answer, 200, altchaShape));
}
