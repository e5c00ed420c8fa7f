import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { wranglerScript, wranglerSettings } from '../scripts/stack/edge-bundle.ts';
import { runCommand } from '../scripts/toolchain/command.ts';
import { repositoryFolder } from '../scripts/toolchain/folders.ts';

const read = (file: string) => readFileSync(join(repositoryFolder, file), 'utf8');

test('the Worker can be deployed: wrangler deploy --dry-run passes, offline', async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'fairgate-deploy-'));
  onTestFinished(() => rmSync(outdir, { recursive: true, force: true }));
  const args = [wranglerScript, 'deploy', '--dry-run', '--outdir', outdir];
  const { exitCode, output } = await runCommand(process.execPath, args, {
    cwd: repositoryFolder,
    env: { ...wranglerSettings, WRANGLER_LOG_PATH: join(outdir, 'log') },
    timeoutSeconds: 110,
  });
  expect(output).toContain('--dry-run: exiting now.');
  expect(output).not.toMatch(/\bwarning\b/i);
  expect(exitCode).toBe(0);
  expect(readFileSync(join(outdir, 'index.js'), 'utf8')).toContain('Gateway');
});

type Service = {
  image?: string;
  command?: string[];
  build?: { target: string };
  environment?: Record<string, string>;
};

test('the compose file runs every part, each from a target of the Dockerfile', () => {
  const compose: { services: Record<string, Service> } = parse(read('docker-compose.yml'), {
    merge: true,
  });
  const { services } = compose;
  expect(Object.keys(services).sort()).toEqual([
    ...['checkout-1', 'checkout-2', 'mail', 'nginx', 'payment-sandbox', 'postgres'],
    ...['queue-service', 'redis'],
  ]);
  const targets = [...read('Dockerfile').matchAll(/^FROM \S+ AS (\S+)$/gm)].map((it) => it[1]);
  const built = Object.values(services).flatMap(({ build }) => build?.target ?? []);
  expect(built).toHaveLength(4);
  for (const target of built) expect(targets).toContain(target);
  expect(services.redis?.command).toEqual(expect.arrayContaining(['--appendonly', 'noeviction']));
});

test('no secret of the compose file has a default', () => {
  const text = read('docker-compose.yml');
  const secrets = [...text.matchAll(/\$\{(\w*(?:PASSWORD|SECRET|KEY|JWKS)\w*)([^}]*)\}/g)];
  expect(secrets.length).toBeGreaterThan(5);
  for (const [, name, rest] of secrets) expect({ name, rest }).toEqual({ name, rest: ':?' });
});

test('nginx spreads over both checkouts, and keeps what is for the inside', () => {
  const text = read('deploy/nginx/nginx.conf');
  expect(text).toContain('server checkout-1:8080');
  expect(text).toContain('server checkout-2:8080');
  for (const path of ['/metrics', '/readyz']) {
    expect(text).toMatch(new RegExp(`location = ${path} \\{\\s*return 404;`));
  }
});

test('nginx’s own refusals are whole problem documents, with a request id', () => {
  const text = read('deploy/nginx/nginx.conf');
  const refusals = [...text.matchAll(/location @\w+ \{([^}]*?)return (\d+) '(.*)';/g)];
  expect(refusals).toHaveLength(3);
  for (const [, headers, status, json] of refusals) {
    expect(headers).toContain('add_header X-Request-Id');
    const detail = expect.stringMatching(/\.$/);
    expect(JSON.parse(json ?? '')).toMatchObject({ status: Number(status), detail });
  }
});
