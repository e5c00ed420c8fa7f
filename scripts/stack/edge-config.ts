import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { SetupError } from '../setup-error.ts';
import { repositoryFolder } from '../toolchain/folders.ts';

export type EdgeConfig = {
  /** Where the configuration is written. It holds keys, so only its owner may read it. */
  file: string;
  bundleFolder: string;
  host: string;
  port: number;
  /** Text bindings by name. */
  bindings: Record<string, string>;
  /**
   * For tests that play the platform: they say in `CF-Connecting-IP` where a request comes from,
   * and in `CF-Blob`, as JSON, what `request.cf` is. Otherwise everybody is on this machine.
   */
  clientsSayWhere?: boolean;
  /** `host:port` of what is the Cache API's other side; none where it is left out, as on workers.dev. */
  cacheAddress?: string | undefined;
  /** Certificates of authorities of one's own, as PEM: Redis' and the checkouts' may be by them. */
  trustedCertificates?: readonly string[];
};

const onThisMachine = 'injectRequestHeaders = [(name = "CF-Connecting-IP", value = "127.0.0.1")]';
const asSaid = 'cfBlobHeader = "CF-Blob"';

/** Writes the configuration that `workerd serve` runs the bundle by. */
export function writeEdgeConfig(config: EdgeConfig): void {
  const bundle = relative(dirname(config.file), config.bundleFolder);
  const modules = moduleNames(config.bundleFolder).map((name) => moduleEntry(name, bundle));
  const bindings = Object.entries(config.bindings).map(
    ([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`,
  );
  const trusted = (config.trustedCertificates ?? []).map(quoted);
  const worker = readWorkerSettings();
  const { cacheAddress } = config;
  const cache =
    cacheAddress && `(name = "cache", external = (address = ${quoted(cacheAddress)}, http = ())),`;
  const text = `# Made by scripts/stack; holds keys.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    ${cache ?? ''}
    # Redis and the checkouts are on the loopback here.
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true, trustedCertificates = [${trusted.join(', ')}]))),
  ],
  sockets = [(
    name = "http", address = ${quoted(`${config.host}:${config.port}`)}, service = "edge",
    # The platform sets the client's address; here every client is on this machine, whatever it claims.
    http = (${config.clientsSayWhere ? asSaid : onThisMachine}),
  )],
);

const edge :Workerd.Worker = (
  modules = [
    ${modules.join(',\n    ')},
  ],
  compatibilityDate = ${quoted(worker.compatibilityDate)},
  compatibilityFlags = [${worker.compatibilityFlags.map(quoted).join(', ')}],
  durableObjectNamespaces = [(className = "Gateway", uniqueKey = "fairgate-gateway")],
  durableObjectStorage = (inMemory = void),
  ${cache ? 'cacheApiOutbound = "cache",' : ''}
  bindings = [
    (name = "GATEWAY", durableObjectNamespace = "Gateway"),
    ${bindings.join(',\n    ')},
  ],
);
`;
  writeFileSync(config.file, text, { mode: 0o600 });
}

/** index.js has to come first: it is the Worker itself. */
function moduleNames(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /\.(js|mjs|lua|txt|wasm|bin)$/.test(name));
  if (!names.includes('index.js')) throw new SetupError(`${folder} holds no index.js; remove it.`);
  return ['index.js', ...names.filter((name) => name !== 'index.js')];
}

function moduleEntry(name: string, bundle: string): string {
  const file = quoted(join(bundle, name));
  // `*.browser.js` runs in the shopper's browser: text to the Worker, as wrangler.toml has it.
  if (/\.(lua|txt|browser\.js)$/.test(name)) {
    return `(name = ${quoted(name)}, text = embed ${file})`;
  }
  if (/\.m?js$/.test(name)) return `(name = ${quoted(name)}, esModule = embed ${file})`;
  const kind = name.endsWith('.wasm') ? 'wasm' : 'data';
  return `(name = ${quoted(name)}, ${kind} = embed ${file})`;
}

/** The date and flags of wrangler.toml, so that both ways of running the bundle agree. */
function readWorkerSettings(): { compatibilityDate: string; compatibilityFlags: string[] } {
  const toml = readFileSync(join(repositoryFolder, 'wrangler.toml'), 'utf8');
  const date = /^compatibility_date\s*=\s*"([^"]+)"/m.exec(toml)?.[1];
  const flags = /^compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(toml)?.[1] ?? '';
  if (date === undefined) throw new SetupError('wrangler.toml names no compatibility_date.');
  const compatibilityFlags = [...flags.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '');
  return { compatibilityDate: date, compatibilityFlags };
}

/** A string of Cap'n Proto's text format. */
function quoted(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r');
  return `"${escaped}"`;
}
