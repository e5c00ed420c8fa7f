import { createServer } from 'node:http';
import type { TestProject } from 'vitest/node';
import { type OwnStack, startTestStack } from './own-stack.ts';
import { portOf } from './port-of.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Answers with the shared stack's stack.json path, and starts the stack when first asked. */
    sharedStackUrl: string;
  }
}

/**
 * vitest's global set-up: one stack for all files that ask for it, started when the first one does,
 * so that a run of the unit tests alone starts none.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<OwnStack> | undefined;
  const server = createServer((_request, response) => {
    starting ??= startTestStack();
    starting.then(
      ({ infoFile }) => response.end(infoFile),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? (error.stack ?? error.message) : String(error));
      },
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  project.provide('sharedStackUrl', `http://127.0.0.1:${portOf(server)}`);
  return async () => {
    server.close();
    const stack = await starting?.catch(() => undefined);
    await stack?.stop();
  };
}
