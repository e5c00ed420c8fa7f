import { createServer, type ServerResponse } from 'node:http';
import type { TestProject } from 'vitest/node';
import { type OwnStack, startTestStack } from './own-stack.ts';
import { portOf } from './port-of.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Lends a stack: answers with a line, the path of its stack.json, and ends with the loan. */
    sharedStackUrl: string;
  }
}

/**
 * vitest's global set-up: stacks that test files share, one after the other. There are as many as
 * files run at once; each is started when it is first needed, so that a run of the unit tests alone
 * starts none. A loan ends with its connection, also where the borrower's process ends.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stacks = stackPool();
  const server = createServer(async (_request, response) => {
    const gone = new Promise<void>((resolve) => response.once('close', resolve));
    try {
      await stacks.lend(({ infoFile }) => {
        response.write(`${infoFile}\n`);
        return gone;
      });
    } catch (error) {
      fail(response, error);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  project.provide('sharedStackUrl', `http://127.0.0.1:${portOf(server)}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await stacks.stop();
  };
}

function stackPool() {
  const free: OwnStack[] = [];
  const started: OwnStack[] = [];
  let starting: Promise<unknown> = Promise.resolve();
  /** One at a time: each looks for free ports first. */
  const start = (): Promise<OwnStack> => {
    const stack = starting.then(() => startTestStack());
    starting = stack.then((own) => started.push(own)).catch(() => {});
    return stack;
  };
  return {
    /** Ends when `use` does. Rejects where no stack was to be had. */
    async lend(use: (stack: OwnStack) => Promise<void>): Promise<void> {
      const stack = free.pop() ?? (await start());
      await use(stack);
      free.push(stack);
    },
    async stop(): Promise<void> {
      await starting;
      await Promise.all(started.map((stack) => stack.stop()));
    },
  };
}

function fail(response: ServerResponse, error: unknown): void {
  response.statusCode = 500;
  response.end(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
