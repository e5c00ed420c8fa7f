import { createServer, type Server, type Socket } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { onTestFinished } from 'vitest';

export type CaughtMail = {
  to: string | undefined;
  subject: string | undefined;
  text: string;
  html: string;
  id: string;
  raw: string;
};

/** A real SMTP server on a free port that keeps what it is sent, or refuses as it is told. */
export async function catchingServer(port = 0) {
  const caught: CaughtMail[] = [];
  const state: { refuseWith: number | null } = { refuseWith: null };
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 500,
    onRcptTo({ address }, _session, done) {
      if (state.refuseWith === null) return done();
      // As many servers do, with the address in it.
      done(Object.assign(new Error(`no ${address}`), { responseCode: state.refuseWith }));
    },
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('latin1');
        readMail(raw).then((mail) => {
          caught.push(mail);
          done();
        }, done);
      });
    },
  });
  // A client that goes away in the middle is its own affair.
  smtp.on('error', () => {});
  await new Promise<void>((resolve) => smtp.listen(port, '127.0.0.1', resolve));
  const close = () => new Promise<void>((resolve) => smtp.close(resolve));
  onTestFinished(close);
  return { url: `smtp://127.0.0.1:${portOf(smtp.server)}`, caught, state, close };
}

async function readMail(raw: string): Promise<CaughtMail> {
  const mail = await simpleParser(Buffer.from(raw, 'latin1'));
  const to = Array.isArray(mail.to) ? undefined : mail.to?.text;
  const { subject, text = '', html, messageId: id = '' } = mail;
  return { to, subject, text, html: html || '', id, raw };
}

/** What a broken server does with each line that it hears; `opened` greets, or does not. */
export type Manners = {
  opened?(socket: Socket): void;
  heard?(line: string, socket: Socket): void;
};

/** A TCP server with such manners; it counts connections, and those that are over. */
export async function brokenServer({ opened, heard }: Manners = {}) {
  const counts = { opened: 0, ended: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    counts.opened += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      counts.ended += 1;
    });
    let rest = '';
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString('latin1')).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) heard?.(line, socket);
    });
    opened?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { url: `smtp://127.0.0.1:${portOf(server)}`, counts };
}

/** Answers as a server should until the mail is there; what then happens is the test's. */
export function politeUntil(end: (socket: Socket) => void): Manners {
  let isData = false;
  return {
    opened: (socket) => void socket.write('220 here\r\n'),
    heard(line, socket) {
      if (isData) {
        if (line !== '.') return;
        isData = false;
        return end(socket);
      }
      isData = line === 'DATA';
      socket.write(isData ? '354 go on\r\n' : '250 fine\r\n');
    },
  };
}

function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
  return address.port;
}
