import { newId } from '@fairgate/shared/ids.ts';
import { serveHttp } from '../adapters/http-server.ts';
import type { PolicyFigures } from '../adapters/provider-policy.ts';
import { sandboxClient } from '../adapters/sandbox-client.ts';
import type { PaymentProvider } from '../app/provider-ports.ts';
import { memoryBooks } from '../sandbox/books.ts';
import { type ControlSettings, controlsSchema, makeControls } from '../sandbox/controls.ts';
import { makeDeliveries } from '../sandbox/deliveries.ts';
import { makeProvider, type SandboxProvider } from '../sandbox/provider.ts';
import { sandboxApp } from '../sandbox/server.ts';
import { signatureHeader, signWebhook } from '../sandbox/signature.ts';

export const webhookSecret = 'the-webhook-secret-of-the-tests-0123456789';

type Wrong = Partial<Omit<ControlSettings, 'webhooks'>> & {
  webhooks?: Partial<ControlSettings['webhooks']>;
};

export type SandboxRig = {
  provider: PaymentProvider;
  /** The provider's own side: what it knows of a payment, and what it does by itself. */
  itself: SandboxProvider;
  /** How often a webhook was sent, by path. */
  deliveries: string[];
  /** What it does wrong from here on; nothing where nothing is named. */
  misbehave(wrong?: Wrong): void;
  close(): Promise<void>;
};

/** For tests: the real sandbox on a free port; its webhooks go to `take`. */
export async function makeSandbox(
  take: (request: Request) => Promise<Response>,
  figures?: PolicyFigures,
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
  const controls = makeControls();
  const url = `http://127.0.0.1:${receiver.port}/webhooks/sandbox`;
  const sender = makeDeliveries([url], webhookSecret, quiet, controls);
  const itself = makeProvider(sender, memoryBooks(), controls);
  const server = await serveHttp(
    sandboxApp(itself, () => {}, { controls }),
    { host: '127.0.0.1', port: 0 },
  );
  return {
    provider: sandboxClient({
      url: `http://127.0.0.1:${server.port}`,
      webhookSecret,
      toleranceSeconds: 300,
      ...(figures && { figures }),
    }),
    itself,
    deliveries,
    misbehave(wrong = {}) {
      controls.now = controlsSchema.parse(wrong);
    },
    async close() {
      itself.stop();
      sender.stop();
      await Promise.all([server.stop(100), receiver.stop(100)]);
    },
  };
}

/** A signed event of the sandbox about a payment, as a request's text and headers. */
export function sandboxEvent(payment: object) {
  const { state } = { state: 'succeeded', ...payment };
  const event = { id: newId('evt'), type: `payment.${state}`, createdAt: '', payment };
  return signedText(JSON.stringify(event));
}

/** Whatever it is, as the sandbox signs it. */
export function signedText(text: string) {
  const signature = signWebhook(webhookSecret, text, Date.now());
  return { text, headers: { 'content-type': 'application/json', [signatureHeader]: signature } };
}
