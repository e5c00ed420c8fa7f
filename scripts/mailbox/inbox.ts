import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const mailSchema = z.object({
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  from: z.string(),
  receivedAt: z.string(),
});

export type Mail = z.infer<typeof mailSchema>;

const mailsMax = 1_000;

/** The caught mails, oldest first: the last thousand, kept in a file too where one is named. */
export class Inbox {
  readonly #file: string | undefined;
  #mails: Mail[] = [];

  constructor(file?: string) {
    this.#file = file;
    if (file !== undefined && existsSync(file)) this.#mails = readMails(file).slice(-mailsMax);
    if (file !== undefined) this.#rewrite(file);
  }

  get mails(): readonly Mail[] {
    return this.#mails;
  }

  add(mail: Mail): void {
    this.#mails.push(mail);
    if (this.#mails.length > mailsMax) this.#mails.shift();
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(mail)}\n`);
  }

  empty(): void {
    this.#mails = [];
    if (this.#file !== undefined) this.#rewrite(this.#file);
  }

  /** At each start the file is cut down to what is kept, so that it does not grow for ever. */
  #rewrite(file: string): void {
    writeFileSync(file, this.#mails.map((mail) => `${JSON.stringify(mail)}\n`).join(''));
  }
}

/** A line that a crash left half written is skipped. */
function readMails(file: string): Mail[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [mailSchema.parse(JSON.parse(line))];
      } catch {
        return [];
      }
    });
}
