import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { identify, isAlive } from './identity.ts';
import type { ProcessSpec } from './managed-process.ts';
import { waitUntil } from './probe.ts';
import { Supervisor } from './supervisor.ts';

function setUp(): { supervisor: Supervisor; folder: string; lines: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-supervisor-'));
  const lines: string[] = [];
  const onLine = (line: string) => void lines.push(line);
  const supervisor = new Supervisor({ logFolder: folder, cwd: folder, onLine, onChange: () => {} });
  onTestFinished(async () => {
    await supervisor.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { supervisor, folder, lines };
}

function script(source: string, isReady = async () => true): ProcessSpec {
  const command = { file: process.execPath, args: ['--eval', source], env: {} };
  return { name: 'it', command, isReady, stopSignal: 'SIGTERM' };
}

const idle = 'setInterval(() => {}, 1000)';

test('a process that dies has a new pid within two seconds', async () => {
  const { supervisor, lines } = setUp();
  await supervisor.start(script(idle));
  const first = supervisor.processes[0]!.pid;
  process.kill(first, 'SIGKILL');
  expect(await waitUntil(() => supervisor.processes[0]!.pid !== first, 2)).toBe(true);
  expect(lines.join()).toContain(`it (process ${first}) ended: SIGKILL; restarting`);
});

test('a process that dies again and again is started again and again, not in a storm', async () => {
  const { supervisor, folder } = setUp();
  const starts = join(folder, 'starts');
  writeFileSync(starts, '');
  const file = JSON.stringify(starts);
  const source = `require('fs').appendFileSync(${file}, 'x'); setTimeout(() => process.exit(1), 200)`;
  await supervisor.start(script(source, async () => readFileSync(starts, 'utf8') !== ''));
  expect(await waitUntil(() => readFileSync(starts, 'utf8').length >= 4, 10)).toBe(true);
  expect(readFileSync(starts, 'utf8').length).toBeLessThan(8);
});

test('a process that does not start is told with its last words', async () => {
  const { supervisor } = setUp();
  const source = 'console.error("no such setting: X"); process.exit(3)';
  const refused = supervisor.start(script(source, async () => false));
  await expect(refused).rejects.toThrow(/did not start \(exit code 3\)[\s\S]*no such setting: X/);
});

test('a stop ends what is running, even what does not listen, and nothing comes back', async () => {
  const { supervisor } = setUp();
  await supervisor.start(script(`process.on('SIGTERM', () => {}); ${idle}`));
  const pid = identify(supervisor.processes[0]!.pid)!;
  await supervisor.stop();
  expect(isAlive(pid)).toBe(false);
  expect(supervisor.processes).toEqual([]);
});
