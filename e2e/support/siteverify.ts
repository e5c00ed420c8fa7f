import { createServer, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { freePort } from '../../scripts/free-port.ts';

const questionShape = z.object({
  secret: z.string().optional(),
  response: z.string().optional(),
  remoteip: z.string().optional(),
  idempotency_key: z.uuid().optional(),
});
export type SiteverifyQuestion = z.infer<typeof questionShape>;

export type TokenFacts = { hostname?: string; action?: string; cdata?: string };

/**
 * A stand-in of Turnstile's siteverify, with the answers that Cloudflare documents: each token is
 * validated once, and again only by the same idempotency key.
 */
export type Siteverify = {
  url: string;
  secret: string;
  /** All that were asked, oldest first. */
  questions: SiteverifyQuestion[];
  /** A token as a widget hands it out that was solved. */
  issue(facts?: TokenFacts): string;
  /** `hangs`: takes requests and says nothing; `broken`: 502 with a page, as from a proxy. */
  be(mode: 'well' | 'hangs' | 'broken' | 'internal-error'): void;
  close(): Promise<void>;
};

export async function startSiteverify(): Promise<Siteverify> {
  const secret = 'secret-of-the-stand-in';
  const questions: SiteverifyQuestion[] = [];
  const issued = new Map<string, TokenFacts>();
  const validatedBy = new Map<string, string>();
  let mode: Parameters<Siteverify['be']>[0] = 'well';

  const refused = (...codes: string[]) => ({ success: false, 'error-codes': codes });
  const answer = ({ secret: shown, response, idempotency_key }: SiteverifyQuestion): object => {
    if (mode === 'internal-error') return refused('internal-error');
    if (!shown) return refused('missing-input-secret');
    if (shown !== secret) return refused('invalid-input-secret');
    if (!response) return refused('missing-input-response');
    const facts = issued.get(response);
    if (facts === undefined) return refused('invalid-input-response');
    const before = validatedBy.get(response);
    if (before !== undefined && before !== idempotency_key) return refused('timeout-or-duplicate');
    validatedBy.set(response, idempotency_key ?? '');
    const at = { challenge_ts: new Date().toISOString(), metadata: { interactive: false } };
    return { success: true, 'error-codes': [], hostname: '127.0.0.1', action: '', ...facts, ...at };
  };

  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      if (mode === 'hangs') return;
      if (mode === 'broken') {
        response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
        return;
      }
      const question = questionShape.safeParse(JSON.parse(text)).data;
      if (question !== undefined) questions.push(question);
      const json = question === undefined ? refused('bad-request') : answer(question);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(json));
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  let made = 0;
  return {
    url: `http://127.0.0.1:${port}/siteverify`,
    secret,
    questions,
    issue(facts = {}) {
      made += 1;
      const token = `0.token-${made}`;
      issued.set(token, facts);
      return token;
    },
    be(next) {
      mode = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
