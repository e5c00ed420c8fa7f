import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { expect, onTestFinished, test } from 'vitest';
import { type Mailbox, startMailbox } from './server.ts';

async function open(file?: string): Promise<Mailbox> {
  const mailbox = await startMailbox({ host: '127.0.0.1', port: 0, smtpPort: 0, file });
  onTestFinished(mailbox.stop);
  return mailbox;
}

async function send(mailbox: Mailbox, to: string, subject: string): Promise<void> {
  const transport = createTransport({ host: '127.0.0.1', port: mailbox.smtpPort, secure: false });
  const html = '<p>Hello <b>you</b></p><script>alert(1)</script>';
  await transport.sendMail({ from: 'a@example.com', to, subject, text: 'Hello you', html });
  transport.close();
}

async function get(mailbox: Mailbox, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${mailbox.port}${path}`);
}

test('a caught mail is listed with its bare address, newest last', async () => {
  const mailbox = await open();
  expect(await (await get(mailbox, '/email')).json()).toEqual([]);
  await send(mailbox, 'Ann <ann@example.com>', 'First');
  await send(mailbox, 'bob@example.com', 'Zwölf Plätze');
  expect(await (await get(mailbox, '/email')).json()).toMatchObject([
    { to: 'ann@example.com', subject: 'First', text: 'Hello you' },
    { to: 'bob@example.com', subject: 'Zwölf Plätze', html: expect.stringContaining('<b>you</b>') },
  ]);
});

test('the inbox can be read in a browser, and a mail runs no script there', async () => {
  const mailbox = await open();
  await send(mailbox, 'ann@example.com', '<i>First</i>');
  expect(await (await get(mailbox, '/')).text()).toContain('&lt;i&gt;First&lt;/i&gt;');
  const page = await get(mailbox, '/email/0');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain('<iframe sandbox title="The mail" srcdoc="&lt;p&gt;Hello');
  expect((await get(mailbox, '/email/1')).status).toBe(404);
});

test('mails survive a restart, until they are deleted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-mail-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'mail.ndjson');
  const first = await open(file);
  await send(first, 'ann@example.com', 'First');
  const second = await open(file);
  expect(await (await get(second, '/email')).json()).toHaveLength(1);
  const url = `http://127.0.0.1:${second.port}/email`;
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
  expect(await (await get(await open(file), '/email')).json()).toEqual([]);
});

test('it says that it is there', async () => {
  expect((await get(await open(), '/healthz')).status).toBe(200);
});
