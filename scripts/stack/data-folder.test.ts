import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SetupError } from '../setup-error.ts';
import { prepareFolders } from './data-folder.ts';
import { identify, isAlive } from './identity.ts';
import { readStackInfo, type StackInfo, writeStackInfo } from './info.ts';
import { takeLock } from './lock.ts';
import { waitUntil } from './probe.ts';
import { loadSecrets, publicKeys } from './secrets.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that does nothing, for as long as the test lasts. */
function idleProcess(): number {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child.pid ?? 0;
}

test('a file in the way of a folder is told in words', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(() => prepareFolders(file)).toThrow(SetupError);
  expect(() => prepareFolders(join(file, 'below'))).toThrow('a file is in its place');
});

test('stack.json is for its owner alone, and leaves no draft behind', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'stack.json');
  const info: StackInfo = {
    edgeUrl: 'http://127.0.0.1:1',
    checkoutUrl: 'http://127.0.0.1:2',
    controlUrl: 'http://127.0.0.1:3',
    mailUrl: 'http://127.0.0.1:4',
    adminKey: 'fgk_x',
    redisUrl: 'redis://127.0.0.1:5',
    databaseUrl: 'postgres://127.0.0.1:6',
    processes: [{ name: 'redis', pid: 1 }],
  };
  writeStackInfo(file, info);
  expect(readStackInfo(file)).toEqual(info);
  expect(readdirSync(folder)).toEqual(['stack.json']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('secrets are made once, for their owner alone, and the public half holds no private key', () => {
  const file = join(temporaryFolder(), 'secrets.json');
  const secrets = loadSecrets(file);
  expect(loadSecrets(file)).toEqual(secrets);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(Buffer.from(secrets.ticketKeys.keys[0]!.k, 'base64url')).toHaveLength(32);
  expect(publicKeys(secrets).keys[0]).not.toHaveProperty('d');
});

test('secrets from before the internal key, passes and webhooks get them, and keep the rest', () => {
  const file = join(temporaryFolder(), 'secrets.json');
  const { internalKey: _, passKeys: __, webhookKeys: ___, ...older } = loadSecrets(file);
  writeFileSync(file, JSON.stringify(older));
  const completed = loadSecrets(file);
  expect(completed).toMatchObject(older);
  expect(completed.internalKey.length).toBeGreaterThan(32);
  expect(completed.webhookKeys.keys).toHaveLength(1);
  expect(completed.passKeys.keys).toHaveLength(1);
  expect(loadSecrets(file)).toEqual(completed);
});

test('secrets that cannot be read are never replaced', () => {
  const file = join(temporaryFolder(), 'secrets.json');
  writeFileSync(file, '{');
  expect(() => loadSecrets(file)).toThrow(SetupError);
  expect(readFileSync(file, 'utf8')).toBe('{');
});

test('one data folder has one stack', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'stack.lock');
  const lock = await takeLock(file, folder);
  await expect(takeLock(file, folder)).rejects.toThrow(`process ${process.pid}`);
  lock.release();
  (await takeLock(file, folder)).release();
});

test('what a killed stack left running is ended, and nothing else', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'stack.lock');
  const left = identify(idleProcess())!;
  const reused = { pid: idleProcess(), bornAt: 'long ago' };
  const stack = { pid: process.pid, bornAt: 'before this process' };
  writeFileSync(file, JSON.stringify({ stack, children: [left, reused] }));
  const lock = await takeLock(file, folder);
  expect(await waitUntil(() => !isAlive(left), 5)).toBe(true);
  expect(identify(reused.pid)).toBeDefined();
  lock.release();
});

test('half a lock file is no lock', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'stack.lock');
  writeFileSync(file, '{"stack"');
  (await takeLock(file, folder)).release();
});
