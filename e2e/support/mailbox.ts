import { z } from 'zod';
import { answered, call } from './http.ts';

const mailShape = z.object({
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
});
export type CaughtMail = z.infer<typeof mailShape>;

/** The mails to an address, oldest first, out of all that the stack's mail catcher has. */
export async function mailsTo(mailUrl: string, address: string): Promise<CaughtMail[]> {
  const all = answered(await call(`${mailUrl}/email`), 200, z.array(mailShape));
  return all.filter((mail) => mail.to.includes(address));
}
