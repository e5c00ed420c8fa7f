import { serveHttp } from '../adapters/http-server.ts';
import { makeLog } from '../adapters/log.ts';
import { sandboxSettings } from '../config.ts';
import { fileBooks, memoryBooks } from './books.ts';
import { makeControls } from './controls.ts';
import { makeDeliveries } from './deliveries.ts';
import { makeProvider } from './provider.ts';
import { sandboxApp } from './server.ts';

const settings = sandboxSettings();
const log = makeLog(settings.FAIRGATE_LOG_LEVEL, { service: 'sandbox' });
const controls = makeControls(settings.FAIRGATE_SANDBOX_CONTROLS);
const deliveries = makeDeliveries(
  settings.FAIRGATE_SANDBOX_WEBHOOK_URLS,
  settings.FAIRGATE_SANDBOX_WEBHOOK_SECRET,
  log,
  controls,
);
const file = settings.FAIRGATE_SANDBOX_FILE;
const books = file === undefined ? memoryBooks() : fileBooks(file);
const provider = makeProvider(deliveries, books, controls);
const app = sandboxApp(
  provider,
  (fault) => {
    log.error({ err: fault.error, method: fault.method, path: fault.path }, 'a request failed');
  },
  { controls, key: settings.FAIRGATE_SANDBOX_KEY },
);
const server = await serveHttp(app, {
  host: settings.FAIRGATE_HOST,
  port: settings.FAIRGATE_PORT,
});
log.info({ port: server.port }, 'the payment sandbox answers');

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    provider.stop();
    deliveries.stop();
    void server.stop(1_000).then(() => process.exit(0));
  });
}
