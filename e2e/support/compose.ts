import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repositoryFolder } from '../../scripts/toolchain/folders.ts';

export type ComposeService = {
  image?: string;
  command?: string[];
  build?: { target: string };
  profiles?: string[];
  volumes?: string[];
  environment?: Record<string, string | null>;
};

const read = (file: string) => readFileSync(join(repositoryFolder, file), 'utf8');

export function composeServices(): Record<string, ComposeService> {
  return parse(read('docker-compose.yml'), { merge: true }).services;
}

/** What a service of the compose file finds in its environment, with such an .env file. */
export function composeEnvironment(
  name: string,
  dotenv: Record<string, string>,
): Record<string, string> {
  const image = [...read('Dockerfile').matchAll(/^ENV (.+)$/gm)].flatMap(([, line]) =>
    (line ?? '').split(' ').map((pair) => pair.split('=') as [string, string]),
  );
  const given = Object.entries(composeServices()[name]?.environment ?? {});
  const own = given.flatMap(([key, value]) => {
    const text = value === null ? dotenv[key] : filled(value, dotenv);
    return text === undefined ? [] : [[key, text]];
  });
  return Object.fromEntries([...image, ...own]);
}

/** `${NAME:?}`, `${NAME-other}` and `${NAME:-other}`, as compose reads them. */
function filled(value: string, dotenv: Record<string, string>): string {
  return value.replaceAll(/\$\{(\w+)(:?[?-])?([^}]*)\}/g, (_, name, sign = '', other) => {
    const found = dotenv[name];
    if (found !== undefined && (found !== '' || !sign.startsWith(':'))) return found;
    if (sign.endsWith('?')) throw new Error(`compose needs ${name}`);
    return other;
  });
}

/** The least that .env has to say; secrets are those of nobody. */
export const leastDotenv = {
  FAIRGATE_DATABASE_PASSWORD: 'p'.repeat(20),
  FAIRGATE_REDIS_PASSWORD: 'r'.repeat(20),
  FAIRGATE_ORDER_KEY_SECRET: 'o'.repeat(40),
  FAIRGATE_BOOTSTRAP_ADMIN_KEY: 'a'.repeat(40),
  FAIRGATE_INTERNAL_KEY: 'i'.repeat(40),
  FAIRGATE_WEBHOOK_KEYS: 'w'.repeat(43),
  FAIRGATE_PASS_KEYS: JSON.stringify({ keys: [{ kid: 'a', k: 'k'.repeat(43) }] }),
  FAIRGATE_NOTICE_KEYS: JSON.stringify({ keys: [{ kid: 'a', k: 'n'.repeat(43) }] }),
  FAIRGATE_PURCHASE_JWKS: JSON.stringify({
    keys: [{ kty: 'OKP', crv: 'Ed25519', kid: '1', x: 'A'.repeat(43) }],
  }),
  FAIRGATE_PUBLIC_ORIGINS: 'https://shop.example',
  FAIRGATE_JWKS_URL: 'https://shop.example/.well-known/jwks.json',
};
