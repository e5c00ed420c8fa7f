import { unsubscribeHeaders } from '@fairgate/shared/notices/unsubscribing.ts';
import { createTransport } from 'nodemailer';
import type { Mailer } from '../app/ports.ts';
import type { Mail } from '../domain/notice.ts';

/** Deadlines of one mail; together shorter than a claim on its notice. */
const deadlines = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 15_000 };

/** Sends through an SMTP server. Reconnects by itself; rejects while it is away. */
export function smtpMailer(url: string, from: string): Mailer & { close(): void } {
  const transport = createTransport({ url, pool: true, maxConnections: 2, ...deadlines });
  return {
    async send(mail) {
      try {
        await transport.sendMail(message(from, mail));
        return 'sent';
      } catch (error) {
        if (isPermanent(error)) return 'refused';
        throw error;
      }
    },
    close: () => transport.close(),
  };
}

function message(from: string, { unsubscribe, ...mail }: Mail) {
  const headers = {
    // Nobody's out-of-office answers it (RFC 3834 section 5).
    'Auto-Submitted': 'auto-generated',
    ...(unsubscribe === undefined ? {} : unsubscribeHeaders(unsubscribe)),
  };
  return { from, ...mail, headers };
}

/** 5xx answers to the recipient or the message (RFC 5321 4.2.1): trying again changes nothing. */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof Error) || !('responseCode' in error) || !('command' in error))
    return false;
  const { responseCode, command } = error;
  const ofThisMail = command === 'RCPT TO' || command === 'DATA' || command === 'MAIL FROM';
  return ofThisMail && typeof responseCode === 'number' && responseCode >= 500;
}
