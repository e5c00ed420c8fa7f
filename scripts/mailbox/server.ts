import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AddressObject, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { Inbox } from './inbox.ts';
import { inboxPage, mailPage } from './pages.ts';

export type MailboxOptions = {
  host: string;
  /** HTTP, then SMTP; 0 lets the system choose. */
  port: number;
  smtpPort: number;
  /** Where mails are kept over a restart. */
  file?: string | undefined;
};

export type Mailbox = { port: number; smtpPort: number; stop(): Promise<void> };

const mailBytesMax = 5 * 1024 * 1024;

/** Catches all mail that is sent to it, for anyone, and shows it to whoever asks. Local use alone. */
export async function startMailbox(options: MailboxOptions): Promise<Mailbox> {
  const inbox = new Inbox(options.file);
  const smtp = smtpServer(inbox);
  const http = createServer((request, response) => answer(inbox, request, response));
  await Promise.all([
    listen(http, options.port, options.host),
    listen(smtp.server as Server, options.smtpPort, options.host),
  ]);
  return {
    port: (http.address() as AddressInfo).port,
    smtpPort: (smtp.server.address() as AddressInfo).port,
    stop: async () => {
      http.closeAllConnections();
      await Promise.all([
        new Promise<void>((resolve) => http.close(() => resolve())),
        new Promise<void>((resolve) => smtp.close(() => resolve())),
      ]);
    },
  };
}

function smtpServer(inbox: Inbox): SMTPServer {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: mailBytesMax,
    disableReverseLookup: true,
    closeTimeout: 1_000,
    onData(stream, session, done) {
      simpleParser(stream).then((mail) => {
        const recipients = session.envelope.rcptTo.map(({ address }) => address);
        inbox.add({
          to: addresses(mail.to) || recipients.join(', '),
          from: mail.from?.text ?? '',
          subject: mail.subject ?? '',
          text: mail.text ?? '',
          html: mail.html || '',
          receivedAt: new Date().toISOString(),
        });
        done();
      }, done);
    },
  });
  // A client that goes away in the middle is its own affair.
  server.on('error', (error) => console.error(error.message));
  return server;
}

/** The bare addresses, as one would type them. */
function addresses(to: AddressObject | AddressObject[] | undefined): string {
  const objects = to === undefined ? [] : [to].flat();
  return objects.flatMap(({ value }) => value.map(({ address }) => address ?? '')).join(', ');
}

function answer(inbox: Inbox, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', 'http://mailbox');
  const route = `${request.method === 'HEAD' ? 'GET' : request.method} ${pathname}`;
  const shown = /^GET \/email\/(\d{1,6})$/.exec(route)?.[1];
  const mail = shown === undefined ? undefined : inbox.mails[Number(shown)];
  if (route === 'GET /healthz') sendJson(response, 200, { status: 'ok' });
  else if (route === 'GET /email') sendJson(response, 200, inbox.mails);
  else if (route === 'GET /') sendPage(response, inboxPage(inbox.mails));
  else if (mail !== undefined) sendPage(response, mailPage(mail));
  else if (route === 'DELETE /email') {
    inbox.empty();
    response.writeHead(204).end();
  } else sendJson(response, 404, { title: 'There is nothing here', status: 404 });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** A mail is foreign text: no script of it may run, and nothing may be loaded from elsewhere. */
function sendPage(response: ServerResponse, html: string): void {
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'",
    'x-content-type-options': 'nosniff',
  });
  response.end(html);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
