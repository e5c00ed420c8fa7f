import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readDkim } from '../../test/dkim-reader.ts';
import { brokenServer, catchingServer, politeUntil } from '../../test/smtp-servers.ts';
import type { Mail } from '../domain/notice.ts';
import { type MailerOptions, smtpMailer } from './mail.ts';

const mail: Mail = {
  to: 'shopper@example.org',
  subject: 'Pens – أقلام',
  text: `Thank you.\n${'long '.repeat(300)}\n`,
  html: '<p>Thank you.</p>',
  messageId: '<ord_1.order-placed@fairgate>',
  unsubscribe: `https://shop.example/checkout/notices/${'e'.repeat(200)}`,
};

function mailerTo(url: string, options: Partial<MailerOptions> = {}) {
  const mailer = smtpMailer({ url, from: 'Fairgate <shop@example.org>', dkim: null, ...options });
  onTestFinished(() => mailer.close());
  return mailer;
}

const header = (raw: string, name: string) =>
  new RegExp(`^${name}:\\s+((?:.|\r\n[ \t])*)\r\n`, 'm').exec(raw)?.[1]?.replaceAll(/\r\n\s/g, ' ');

describe('a mail', () => {
  it('is text and HTML, and says that a machine wrote it and where it ends', async () => {
    const server = await catchingServer();
    const mailer = mailerTo(server.url);
    await mailer.send(mail);
    await mailer.send({ ...mail, unsubscribe: undefined });
    const [notice, receipt] = server.caught;
    expect(notice).toMatchObject({ subject: mail.subject, id: mail.messageId });
    expect(header(notice?.raw ?? '', 'Content-Type')).toContain('multipart/alternative');
    expect(header(notice?.raw ?? '', 'Auto-Submitted')).toBe('auto-generated');
    expect(header(notice?.raw ?? '', 'List-Unsubscribe')?.trim()).toBe(`<${mail.unsubscribe}>`);
    expect(header(notice?.raw ?? '', 'List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click');
    expect(receipt?.raw).not.toContain('List-Unsubscribe');
  });

  it('is signed where it should be, its way to end included; nobody can change it unseen', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const server = await catchingServer();
    const dkim = { domain: 'example.org', selector: 'mails', privateKey: pem };
    await mailerTo(server.url, { dkim }).send(mail);
    const raw = server.caught[0]?.raw ?? '';
    const { tags, isGenuine, fields } = readDkim(raw, publicKey);
    expect(tags).toMatchObject({ a: 'rsa-sha256', d: 'example.org', s: 'mails' });
    expect(isGenuine).toBe(true);
    const wanted = ['from', 'to', 'subject', 'date', 'list-unsubscribe', 'list-unsubscribe-post'];
    expect(fields).toEqual(expect.arrayContaining(wanted));
    for (const [from, to] of [
      ['To: shopper@', 'To: somebody@'],
      ['One-Click', 'Two-Click'],
      ['<p>Thank you', '<p>Pay me'],
    ] as const) {
      expect(raw).toContain(from);
      expect(readDkim(raw.replace(from, to), publicKey).isGenuine).toBe(false);
    }
  });
});

describe('a mail server', () => {
  it('that fails leaves nobody’s address in the error that is logged', async () => {
    const said = `451 4.7.1 <${mail.to}> greylisted\r\n`;
    const server = await brokenServer({
      opened: (socket) => void socket.write('220 here\r\n'),
      heard: (line, socket) => void socket.write(line.startsWith('RCPT') ? said : '250 fine\r\n'),
    });
    const error: unknown = await mailerTo(server.url)
      .send(mail)
      .catch((caught: unknown) => caught);
    expect(String(error)).toContain('EENVELOPE, 451, RCPT TO');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(mail.to);
  });

  it('that says nothing is given up, and its connection closed', async () => {
    const server = await brokenServer();
    await expect(mailerTo(server.url, { sendMs: 1_000 }).send(mail)).rejects.toThrow();
    await vi.waitFor(() => expect(server.counts).toEqual({ opened: 1, ended: 1 }));
  });

  it('that answers for ever without an end is given up as well', async () => {
    const timers: NodeJS.Timeout[] = [];
    onTestFinished(() => timers.forEach(clearInterval));
    const server = await brokenServer({
      opened: (socket) => void socket.write('220 here\r\n'),
      // A line of an answer that has another line, several times within any deadline of silence.
      heard: (_, socket) => {
        timers.push(setInterval(() => socket.write('250-more\r\n'), 100));
      },
    });
    await expect(mailerTo(server.url, { sendMs: 1_500 }).send(mail)).rejects.toThrow();
    await vi.waitFor(() => expect(server.counts.ended).toBe(1));
  });

  it('that hangs up over a mail is not sent it again behind our back', async () => {
    let taken = 0;
    const manners = politeUntil((socket) => {
      taken += 1;
      socket.destroy();
    });
    const server = await brokenServer(manners);
    await expect(mailerTo(server.url).send(mail)).rejects.toThrow();
    expect({ taken, ...server.counts }).toMatchObject({ taken: 1, opened: 1 });
  });

  it('that refuses the recipient or the mail for good is believed, and one that may mend is not', async () => {
    const server = await catchingServer();
    const mailer = mailerTo(server.url);
    for (const [code, outcome] of [
      [550, 'refused'],
      [451, 'rejected'],
      [553, 'refused'],
    ] as const) {
      server.state.refuseWith = code;
      expect(await mailer.send(mail).catch(() => 'rejected')).toBe(outcome);
    }
    const dislikes = await brokenServer(politeUntil((socket) => socket.write('554 no\r\n')));
    expect(await mailerTo(dislikes.url).send(mail)).toBe('refused');
  });

  it('that wants another login or sender is tried again: somebody may mend our settings', async () => {
    const server = await brokenServer({
      opened: (socket) => void socket.write('220 here\r\n'),
      heard: (line, socket) =>
        void socket.write(line.startsWith('MAIL') ? '530 login first\r\n' : '250 fine\r\n'),
    });
    await expect(mailerTo(server.url).send(mail)).rejects.toThrow('530');
  });

  it('that is not there is an error at once, and is found when it is back', async () => {
    const first = await catchingServer();
    await first.close();
    const mailer = mailerTo(first.url);
    await expect(mailer.send(mail)).rejects.toThrow('ECONNREFUSED');
    const second = await catchingServer(Number(new URL(first.url).port));
    expect(await mailer.send(mail)).toBe('sent');
    expect(second.caught).toHaveLength(1);
  });
});
