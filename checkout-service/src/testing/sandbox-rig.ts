import { serveHttp } from '../adapters/http-server.ts';
import { sandboxClient } from '../adapters/sandbox-client.ts';
import type { PaymentProvider } from '../app/ports.ts';
import { makeDeliveries } from '../sandbox/deliveries.ts';
import { makeProvider } from '../sandbox/provider.ts';
import { sandboxApp } from '../sandbox/server.ts';

export const webhookSecret = 'the-webhook-secret-of-the-tests-0123456789';

export type SandboxRig = {
  provider: PaymentProvider;
  /** How often a webhook was sent, by path. */
  deliveries: string[];
  close(): Promise<void>;
};

/** For tests: the real sandbox on a free port; its webhooks go to `take`. */
export async function makeSandbox(
  take: (request: Request) => Promise<Response>,
): Promise<SandboxRig> {
  const deliveries: string[] = [];
  const receiver = await serveHttp(
    {
      async fetch(request) {
        deliveries.push(new URL(request.url).pathname);
        return await take(request);
      },
    },
    { host: '127.0.0.1', port: 0 },
  );
  const quiet = { info() {}, warn() {}, error() {} };
  const url = `http://127.0.0.1:${receiver.port}/webhooks/sandbox`;
  const sender = makeDeliveries([url], webhookSecret, quiet);
  const server = await serveHttp(
    sandboxApp(makeProvider(sender), () => {}),
    { host: '127.0.0.1', port: 0 },
  );
  return {
    provider: sandboxClient({
      url: `http://127.0.0.1:${server.port}`,
      webhookSecret,
      toleranceSeconds: 300,
    }),
    deliveries,
    async close() {
      sender.stop();
      await Promise.all([server.stop(100), receiver.stop(100)]);
    },
  };
}
