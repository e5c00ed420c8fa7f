import { unsubscribeHeaders } from '@fairgate/shared/notices/unsubscribing.ts';
import { createTransport } from 'nodemailer';
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
        throw new MailFault(error, mail.to);
      }
    },
    close: () => transport.close(),
  };
}

/** Why a mail did not go, for the log: without the address, which servers like to repeat. */
class MailFault extends Error {
  constructor(error: unknown, address: string) {
    super(String(error instanceof Error ? error.message : error).replaceAll(address, '…'));
    this.name = 'MailFault';
  }
}

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
