import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { z } from 'zod';

export type CaughtMail = {
  to: string;
  subject: string;
  text: string;
  html: string;
  id: string;
  headers: ReadonlyMap<string, unknown>;
};

/** A real mail server on this machine that keeps what it takes. */
export type MailServer = {
  mails: CaughtMail[];
  /** The answer to each recipient from now on; null: they are taken. */
  refuseWith: number | null;
  url: string;
  stop(): Promise<void>;
};

export async function startMailServer(): Promise<MailServer> {
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo(_address, _session, done) {
      if (server.refuseWith === null) return done();
      done(Object.assign(new Error('no'), { responseCode: server.refuseWith }));
    },
    onData(stream, _session, done) {
      simpleParser(stream).then((mail) => {
        const to = Array.isArray(mail.to) ? '' : (mail.to?.text ?? '');
        const { subject = '', text = '', html, messageId: id = '', headers } = mail;
        server.mails.push({ to, subject, text, html: html || '', id, headers });
        done();
      }, done);
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(smtp.server.address());
  const server: MailServer = {
    mails: [],
    refuseWith: null,
    url: `smtp://127.0.0.1:${port}`,
    stop: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
  return server;
}
