import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePortBase, isPortFree } from '../scripts/free-port.ts';
import { identify, isAlive, type ProcessIdentity } from '../scripts/stack/identity.ts';
import { readStackInfo, type StackInfo } from '../scripts/stack/info.ts';
import { planPorts, portSpan } from '../scripts/stack/ports.ts';
import { httpAnswers, waitUntil } from '../scripts/stack/probe.ts';
import { repositoryFolder } from '../scripts/toolchain/folders.ts';

// What `npm start` does, seen from outside: CONTRACT.md section 2.

type Launched = { child: ChildProcess; output(): string; exitCode: Promise<number | null> };

const folder = mkdtempSync(join(tmpdir(), 'fairgate-stack-'));
const dataDir = join(folder, 'data');
const stackFile = join(dataDir, 'stack.json');
const launched: Launched[] = [];
let portBase = 0;
let stack: Launched;

/** Runs the command of `npm start`, in an environment without settings of ours. */
function start(...args: string[]): Launched {
  const settings = Object.entries(process.env).filter(([name]) => !/^(FAIRGATE_|npm_)/.test(name));
  const script = join(repositoryFolder, 'scripts', 'start.mjs');
  const child = spawn(process.execPath, [script, '--empty', ...args], {
    env: Object.fromEntries(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const exitCode = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const it = { child, output: () => output, exitCode };
  launched.push(it);
  return it;
}

async function startReady(): Promise<Launched> {
  const it = start('--port-base', `${portBase}`, '--data-dir', dataDir);
  const isSettled = () => /^ready/m.test(it.output()) || it.child.exitCode !== null;
  await waitUntil(isSettled, 120);
  expect(it.output()).toMatch(/^ready/m);
  return it;
}

function pidOf(name: string): number {
  return readStackInfo(stackFile).processes.find((it) => it.name === name)?.pid ?? 0;
}

function everyProcess(info: StackInfo): ProcessIdentity[] {
  return info.processes.map(({ pid }) => identify(pid)).filter((it) => it !== undefined);
}

beforeAll(async () => {
  portBase = await freePortBase(portSpan);
  stack = await startReady();
});

afterAll(async () => {
  for (const { child } of launched) child.kill('SIGTERM');
  await Promise.all(launched.map(({ exitCode }) => exitCode));
  rmSync(folder, { recursive: true, force: true });
});

test('when it says ready, everything in stack.json answers', async () => {
  const info = readStackInfo(stackFile);
  expect(info).toMatchObject({
    edgeUrl: `http://127.0.0.1:${portBase}`,
    checkoutUrl: `http://127.0.0.1:${portBase + 1}`,
    controlUrl: `http://127.0.0.1:${portBase + 2}`,
    mailUrl: `http://127.0.0.1:${portBase + 3}`,
    adminKey: expect.stringMatching(/^fgk_/),
    redisUrl: expect.stringMatching(/^redis:\/\/127\.0\.0\.1:/),
    databaseUrl: expect.stringMatching(/^postgres:\/\//),
  });
  const names = info.processes.map(({ name }) => name);
  expect(names.slice(0, 6)).toEqual([
    ...['edge', 'checkout-1', 'checkout-2', 'queue-service', 'redis', 'postgres'],
  ]);
  expect(info.processes.find(({ name }) => name === 'balancer')?.url).toBe(info.checkoutUrl);
  expect(everyProcess(info)).toHaveLength(info.processes.length);
  for (const { url } of info.processes) {
    if (url !== undefined) expect(await httpAnswers(`${url}/healthz`)).toBe(true);
  }
  expect(stack.output()).toContain(info.adminKey);
});

test.each(['checkout-2', 'queue-service', 'balancer', 'edge', 'redis', 'postgres'])(
  '%s, killed, has a new pid within two seconds and answers again',
  async (name) => {
    const before = pidOf(name);
    process.kill(before, 'SIGKILL');
    expect(await waitUntil(() => pidOf(name) !== before, 2)).toBe(true);
    expect(isAlive(identify(pidOf(name))!)).toBe(true);
    const urls = readStackInfo(stackFile).processes.flatMap(({ url }) => url ?? []);
    const allAnswer = async () => {
      const answers = await Promise.all(urls.map((url) => httpAnswers(`${url}/healthz`)));
      return answers.every(Boolean);
    };
    expect(await waitUntil(allAnswer, 20)).toBe(true);
  },
);

test('a port in use is an error that names it and the way out, and disturbs nobody', async () => {
  const second = start('--port-base', `${portBase}`, '--data-dir', join(folder, 'other'));
  expect(await second.exitCode).toBe(1);
  expect(second.output()).toContain(`${portBase} (for edge)`);
  expect(second.output()).toContain('FAIRGATE_PORT_BASE');
  expect(await httpAnswers(`http://127.0.0.1:${portBase}/healthz`)).toBe(true);
});

test('a data folder in use is an error that names it', async () => {
  const second = start('--port-base', `${portBase}`, '--data-dir', dataDir);
  expect(await second.exitCode).toBe(1);
  expect(second.output()).toContain(`A stack already runs on ${dataDir}`);
  expect(existsSync(stackFile)).toBe(true);
});

test('SIGTERM stops everything within ten seconds, and frees the ports', async () => {
  const processes = everyProcess(readStackInfo(stackFile));
  const startedAt = Date.now();
  stack.child.kill('SIGTERM');
  expect(await stack.exitCode).toBe(0);
  expect(Date.now() - startedAt).toBeLessThan(10_000);
  expect(processes.filter(isAlive)).toEqual([]);
  expect(existsSync(stackFile)).toBe(false);
  for (const port of Object.values(planPorts(portBase))) expect(await isPortFree(port)).toBe(true);
});

test('a stack that was killed outright is no obstacle to the next one', async () => {
  stack = await startReady();
  const first = readStackInfo(stackFile);
  stack.child.kill('SIGKILL');
  await stack.exitCode;
  // The bootstrap's end reaches the stack itself, which then stops in good order.
  const processes = everyProcess(first);
  expect(await waitUntil(() => !processes.some(isAlive), 12)).toBe(true);
  stack = await startReady();
  expect(readStackInfo(stackFile).adminKey).toBe(first.adminKey);
  expect(readStackInfo(stackFile).databaseUrl).toBe(first.databaseUrl);
});
