import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProblemSlug, problems } from '@fairgate/shared/problem.ts';
import { expect, onTestFinished, test } from 'vitest';
import { wranglerScript, wranglerSettings } from '../scripts/stack/edge-bundle.ts';
import { runCommand } from '../scripts/toolchain/command.ts';
import { repositoryFolder } from '../scripts/toolchain/folders.ts';
import { findNginx } from '../scripts/toolchain/nginx.ts';
import { composeServices } from './support/compose.ts';

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
  expect(output).toMatch(/env\.EVENTS \(fairgate_events\)/);
  expect(exitCode).toBe(0);
  expect(readFileSync(join(outdir, 'index.js'), 'utf8')).toContain('Gateway');
});

test('the compose file runs every part, each from a target of the Dockerfile', () => {
  const services = composeServices();
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
  // A site key stands in the page for everybody.
  const secrets = [
    ...text.matchAll(/\$\{(\w*(?:PASSWORD|SECRET|(?<!SITE_)KEY|JWKS)\w*)([^}]*)\}/g),
  ];
  expect(secrets.length).toBeGreaterThan(5);
  for (const [, name, rest] of secrets) expect({ name, rest }).toEqual({ name, rest: ':?' });
});

/** What a service reads of its environment: `config.ts`, and the parts of it that it imports. */
function configOf(folder: string): string {
  const config = read(join(folder, 'src', 'config.ts'));
  const parts = [...config.matchAll(/from '.\/([\w-]+-config\.ts)'/g)];
  return [config, ...parts.map(([, name]) => read(join(folder, 'src', name ?? '')))].join('\n');
}

test('every setting of the compose file is read by the service that it is for', () => {
  const folders = {
    checkout: 'checkout-service',
    payment: 'checkout-service',
    queue: 'queue-service',
  };
  let settings = 0;
  for (const [name, { environment }] of Object.entries(composeServices())) {
    const folder = Object.entries(folders).find(([start]) => name.startsWith(start))?.[1];
    if (folder === undefined) continue;
    const config = configOf(folder);
    for (const key of Object.keys(environment ?? {})) {
      settings += 1;
      expect(config).toMatch(new RegExp(`\\b${key}\\b`));
    }
  }
  expect(settings).toBeGreaterThan(20);
});

test('the sandbox, whose cards pay for anything, is not run unless it is asked for', () => {
  expect(composeServices()['payment-sandbox']?.profiles).toEqual(['sandbox']);
  const text = read('docker-compose.yml');
  expect(text).not.toMatch(/\$\{FAIRGATE_(SANDBOX|STRIPE)/);
});

test('the compose file mounts all that nginx.conf includes', () => {
  const volumes = composeServices().nginx?.volumes ?? [];
  const mounts = volumes.map((it) => it.split(':') as [string, string]);
  const includes = [...read('deploy/nginx/nginx.conf').matchAll(/include (\S+);/g)];
  expect(includes.length).toBeGreaterThan(5);
  for (const [, included] of includes) {
    const [folder, file] = (included ?? '').split('/');
    const mount = mounts.find(([, inside]) => inside === `/etc/nginx/${folder}`);
    expect(read(join(mount?.[0] ?? '', file ?? ''))).toBeTruthy();
  }
});

test('nginx accepts the configuration of the compose file', async () => {
  const nginx = await findNginx();
  if (nginx === undefined) throw new Error('No nginx was found; FAIRGATE_NGINX names one.');
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-nginx-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const source = join(repositoryFolder, 'deploy', 'nginx');
  cpSync(source, folder, { recursive: true });
  cpSync(join(source, 'compose'), join(folder, 'place'), { recursive: true });
  // The names and the folders are those of the containers; here there are none.
  for (const file of ['main.conf', 'http.conf', 'server.conf']) {
    const text = readFileSync(join(folder, 'place', file), 'utf8');
    const here = text.replace(/\/(tmp|dev)\//g, `${folder}/`).replace(/checkout-\d/g, '127.0.0.1');
    writeFileSync(join(folder, 'place', file), here);
  }
  const args = ['-t', '-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')];
  const { exitCode, output } = await runCommand(nginx.file, args, { env: nginx.env });
  expect(output).toContain('test is successful');
  expect(exitCode).toBe(0);
});

test('nginx spreads over both checkouts', () => {
  const text = read('deploy/nginx/compose/http.conf');
  expect(text).toContain('server checkout-1:8080');
  expect(text).toContain('server checkout-2:8080');
});

test('nginx’s own refusals say what the services say', () => {
  const text = read('deploy/nginx/parts/problems.conf');
  const refusals = [...text.matchAll(/location = \S+ \{([^}]*?)return (\d+) '(.*)';/g)];
  expect(refusals).toHaveLength(6);
  for (const [, headers, status, json] of refusals) {
    const document = JSON.parse(json ?? '');
    const slug = document.type.replace('urn:fairgate:problem:', '') as ProblemSlug;
    expect(document).toMatchObject({ ...problems[slug], status: Number(status) });
    expect(headers).toContain('add_header X-Request-Id');
    expect(headers?.includes('Retry-After')).toBe(status === '429' || status === '503');
  }
});
