import { unsubscribeHeaders } from '@fairgate/shared/notices/unsubscribing.ts';
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import type { DkimSettings, Mailer } from '../app/ports.ts';
import type { Mail } from '../domain/notice.ts';

export type MailerOptions = {
  /** Of the SMTP server, with user and password where it wants them. */
  url: string;
  from: string;
  /** Null: nobody signs here. */
  dkim: DkimSettings | null;
  /** For tests: `sendMsMax`. */
  sendMs?: number;
};

/** Deadlines of one silence. */
const deadlines = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 15_000 };
/**
 * And of the whole, which a server that goes on answering slowly does not pass either: its connection
 * is closed then. Shorter than a claim on a notice (`app/notices.ts`), so that no two are at one.
 */
const sendMsMax = 40_000;
/** As many as workers send at a time: a mail that waits for a connection spends its deadline. */
const connectionsMax = 10;

/** Beside what every mail has: what makes mail programs show a button (RFC 8058 section 4). */
const signedFields = [
  ...['From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type'],
  ...['Content-Transfer-Encoding', 'List-Unsubscribe', 'List-Unsubscribe-Post', 'Auto-Submitted'],
].join(':');

/** Sends through an SMTP server. Connects anew by itself; rejects while it is away. */
export function smtpMailer(options: MailerOptions): Mailer & { close(): void } {
  const { url, from, dkim, sendMs = sendMsMax } = options;
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: connectionsMax,
    // A connection that ends without an answer may have delivered: the queue decides, not the pool.
    maxRequeues: 0,
    ...deadlines,
    ...(dkim === null ? {} : { dkim: signing(dkim) }),
  });
  return {
    async send(mail) {
      try {
        await transport.sendMail({ ...message(from, mail), signal: AbortSignal.timeout(sendMs) });
        return 'sent';
      } catch (error) {
        if (isPermanent(error)) return 'refused';
        throw new MailFault(error);
      }
    },
    close: () => transport.close(),
  };
}

/** What failed, without what the server said: that names the recipient, and goes into logs and queues. */
class MailFault extends Error {
  constructor(error: unknown) {
    const { code, responseCode, command, message } = faultSchema.parse(error);
    // Where no server has answered: why, as this machine has it.
    const reason = responseCode === undefined ? /\bE[A-Z]{4,}\b/.exec(message)?.[0] : responseCode;
    const parts = [code, reason, command].filter((part) => part !== undefined);
    super(`the mail was not taken: ${parts.join(', ')}`);
    this.name = 'MailFault';
  }
}

const faultSchema = z
  .object({
    code: z.union([z.string(), z.number()]).optional().catch(undefined),
    responseCode: z.number().optional().catch(undefined),
    command: z.string().max(20).optional().catch(undefined),
    message: z.string().catch(''),
  })
  .catch({ message: '' });

function signing({ domain, selector, privateKey }: DkimSettings) {
  return {
    domainName: domain,
    keySelector: selector,
    privateKey,
    headerFieldNames: signedFields,
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

/**
 * 5xx answers to the recipient or the message (RFC 5321 section 4.2.1): trying again changes nothing. One
 * to the login or the sender is about us, and somebody may mend it.
 */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof Error) || !('responseCode' in error) || !('command' in error))
    return false;
  const { responseCode, command } = error;
  const ofThisMail = command === 'RCPT TO' || command === 'DATA';
  return ofThisMail && typeof responseCode === 'number' && responseCode >= 500;
}
