import { startMailbox } from './mailbox/server.ts';

const port = Number(process.env.FAIRGATE_PORT ?? 8790);
const smtpPort = Number(process.env.FAIRGATE_SMTP_PORT ?? 8794);
const host = process.env.FAIRGATE_HOST ?? '127.0.0.1';
const mailbox = await startMailbox({ host, port, smtpPort, file: process.env.FAIRGATE_MAIL_FILE });
console.log(`mailbox on http://${host}:${mailbox.port}/, SMTP on port ${mailbox.smtpPort}`);

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => void mailbox.stop().then(() => process.exit(0)));
}
