import { createECDH } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicJwks, purchaseSigner } from '@fairgate/shared/token/jwks.ts';
import { parsePassKeys } from '@fairgate/shared/token/pass.ts';
import { parseTicketKeys } from '@fairgate/shared/token/ticket.ts';
import { expect, onTestFinished, test } from 'vitest';
import { SetupError } from '../setup-error.ts';
import { loadSecrets } from '../stack/secrets.ts';
import { readKeyFile } from './key-file.ts';
import { keysMax } from './key-set.ts';
import { parseKeyCommand } from './options.ts';
import { purchaseTokenSeconds, runKeys } from './run.ts';
import { sealKeysSetting } from './seal-keys.ts';

const start = Date.parse('2026-11-24T06:00:00Z');
const day = 24 * 3_600_000;
const later = start + 600_000;

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'keys.json');
  const keys = (args: string[], at = start) => {
    const command = parseKeyCommand(args, {});
    return command === undefined ? '' : runKeys(command, new Date(at));
  };
  const run = (verb: string, at = start, ...more: string[]) =>
    keys([verb, '--file', file, ...more], at);
  return { folder, file, keys, run };
}

test('new makes the file for its owner alone, and its sets are what the services take', async () => {
  const { file, run } = setUp();
  run('new');
  run('new');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { ticketKeys, purchaseKeys } = readKeyFile(file);
  expect(parseTicketKeys(JSON.stringify(ticketKeys)).kid).toBe(ticketKeys.keys[0]?.kid);
  const signer = await purchaseSigner(JSON.stringify(purchaseKeys));
  expect(signer.kid).toBe(purchaseKeys.keys[0]?.kid);
  expect(publicJwks(run('list', start, '--public')).keys).toHaveLength(2);
});

test('a new key is published before it signs, and the old one verifies after it', () => {
  const { file, run } = setUp();
  const kids = () => readKeyFile(file).purchaseKeys.keys.map(({ kid }) => kid);
  run('new');
  const [first] = kids();
  run('new');
  expect(kids()[0]).toBe(first);
  const [, second] = kids();
  run('rotate', later);
  expect(kids()).toEqual([second, first]);
  expect(() => run('rotate', later)).toThrow('no new ticket key');
  expect(kids()).toEqual([second, first]);
});

test('a key that not everyone may know yet signs only where that is said', () => {
  const { file, run } = setUp();
  run('new');
  run('new');
  const before = readFileSync(file, 'utf8');
  expect(() => run('rotate', later - 1)).toThrow('--now');
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(run('rotate', later - 1, '--now')).toContain('verifies; signed until');
});

test('a key is dropped when its last token has expired and is replayed no more, not before, and never one that signs', () => {
  const { file, run } = setUp();
  const count = () => {
    const { ticketKeys, purchaseKeys } = readKeyFile(file);
    return [ticketKeys.keys.length, purchaseKeys.keys.length];
  };
  run('new');
  run('new');
  run('rotate', later);
  const replayedUntil = later + (3_600 + 24 * 3_600) * 1_000;
  for (const at of [replayedUntil, later + purchaseTokenSeconds * 1_000 - 1]) {
    run('retire', at);
    expect(count()).toEqual([2, 2]);
  }
  run('retire', later + purchaseTokenSeconds * 1_000);
  expect(count()).toEqual([2, 1]);
  run('retire', later + 400 * day - 1);
  expect(count()).toEqual([2, 1]);
  run('retire', later + 400 * day);
  expect(count()).toEqual([1, 1]);
});

test('a file from before passes gets their first key by `new`, and goes on without one until then', () => {
  const { file, run } = setUp();
  run('new');
  const { passKeys, ...older } = readKeyFile(file);
  expect(parsePassKeys(JSON.stringify(passKeys)).kid).toBe(passKeys?.keys[0]?.kid);
  writeFileSync(file, JSON.stringify(older));
  run('new');
  run('new', start, '--kind', 'pass');
  expect(run('rotate', later)).toContain('pass ');
  const kids = readKeyFile(file).passKeys?.keys.map(({ kid }) => kid);
  expect(kids).toHaveLength(2);
  expect(kids).not.toContain(passKeys?.keys[0]?.kid);
});

test('the key of push messages is made once, stays through every rotation, and shows no secret', () => {
  const { file, run } = setUp();
  run('new');
  const { vapidKey, ...older } = readKeyFile(file);
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(vapidKey?.privateKey ?? '', 'base64url');
  expect(pair.getPublicKey('base64url')).toBe(vapidKey?.publicKey);
  run('new');
  run('rotate', later);
  run('retire', later + 400 * day);
  expect(readKeyFile(file).vapidKey).toEqual(vapidKey);
  const listed = run('list');
  expect(listed).toContain('signs push messages');
  expect(listed).not.toContain(vapidKey?.privateKey);
  writeFileSync(file, JSON.stringify(older));
  run('new', start, '--kind', 'vapid');
  expect(readKeyFile(file).vapidKey?.publicKey).not.toBe(vapidKey?.publicKey);
  expect(readKeyFile(file).ticketKeys.keys).toHaveLength(1);
});

test('what secrets of webhooks are kept under opens for good, and a stack’s one key becomes a set', () => {
  const { folder, file, keys, run } = setUp();
  run('new');
  const [first] = readKeyFile(file).webhookKeys?.keys ?? [];
  run('new');
  run('rotate', later);
  run('retire', later + 4_000 * day);
  expect(readKeyFile(file).webhookKeys?.keys).toHaveLength(1);
  const made = run('new', start, '--kind', 'webhook');
  expect(made).toContain('"rotate --kind webhook"');
  expect(() => run('rotate', start, '--kind', 'webhook')).toThrow('not open what it seals');
  const rotated = run('rotate', later, '--kind', 'webhook');
  expect(rotated).toContain('seals and opens');
  expect(rotated).toContain('take it out by hand');
  expect(made + rotated).not.toContain('retire');
  const set = readKeyFile(file).webhookKeys;
  expect(set?.keys).toHaveLength(2);
  expect(set?.keys[1]?.kid).toBe(first?.kid);
  const taken = sealKeysSetting(set ?? { keys: [] }).split(',');
  expect(taken.map((key) => Buffer.from(key, 'base64url').length)).toEqual([32, 32]);
  expect(taken[1]).toBe(first?.k);
  // A stack from before held one alone, and what it has sealed still opens.
  const secretsFile = join(folder, 'secrets.json');
  const { webhookKeys: _, ...older } = loadSecrets(secretsFile);
  const k = Buffer.alloc(32, 5).toString('base64url');
  writeFileSync(secretsFile, JSON.stringify({ ...older, webhookKey: k }));
  keys(['new', '--data-dir', folder, '--kind', 'webhook']);
  expect(loadSecrets(secretsFile).webhookKeys.keys.map((key) => key.k)[0]).toBe(k);
  expect(loadSecrets(secretsFile).webhookKeys.keys).toHaveLength(2);
});

test('no secret is ever shown', () => {
  const { file, run } = setUp();
  const said = [
    run('new'),
    run('new'),
    run('rotate', later),
    run('list'),
    run('list', start, '--public'),
  ];
  const { ticketKeys, purchaseKeys, passKeys, webhookKeys } = readKeyFile(file);
  const newer = [...(passKeys?.keys ?? []), ...(webhookKeys?.keys ?? [])];
  const secret = [...ticketKeys.keys, ...newer];
  expect(secret).toHaveLength(5);
  for (const { k } of secret) expect(said.join()).not.toContain(k);
  for (const { d } of purchaseKeys.keys) expect(said.join()).not.toContain(d);
  writeFileSync(file, `{"ticketKeys": sesame`);
  expect(() => run('list')).toThrow(/^((?!sesame).)*$/s);
});

test('a full set of webhooks is not told to retire, which it may not', () => {
  const { run } = setUp();
  run('new');
  for (let i = 1; i < keysMax.webhook; i += 1) {
    run('new', start, '--kind', 'webhook');
    run('rotate', start, '--kind', 'webhook', '--now');
  }
  expect(() => run('new', start, '--kind', 'webhook')).toThrow('by hand that open nothing');
});

test('more keys than a verifier takes are refused', () => {
  const { file, run } = setUp();
  run('new');
  for (let i = 1; i < keysMax.purchase; i += 1) {
    run('new');
    run('rotate', start, '--now');
  }
  const before = readFileSync(file, 'utf8');
  expect(() => run('new')).toThrow('retire old ones first');
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('rotations each month for years find room, and the sets fit into a Worker’s secret', () => {
  const { file, run } = setUp();
  run('new');
  for (let month = 1; month < 36; month += 1) {
    const at = start + month * 28 * day;
    run('retire', at);
    run('new', at);
    run('rotate', at + 600_000);
    const { ticketKeys, purchaseKeys } = readKeyFile(file);
    parseTicketKeys(JSON.stringify(ticketKeys));
    for (const set of [ticketKeys, purchaseKeys]) {
      expect(JSON.stringify(set).length).toBeLessThan(5_000);
    }
  }
  expect(readKeyFile(file).ticketKeys.keys.length).toBeGreaterThan(14);
});

test('one run at a time changes a file, so that none undoes what another did', () => {
  const { file, run } = setUp();
  run('new');
  const before = readFileSync(file, 'utf8');
  writeFileSync(`${file}.lock`, '');
  expect(() => run('new')).toThrow(`remove ${file}.lock`);
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(run('list')).toContain('signs and verifies');
  rmSync(`${file}.lock`);
  run('new');
  expect(existsSync(`${file}.lock`)).toBe(false);
  expect(() => run('new')).toThrow(SetupError);
  expect(existsSync(`${file}.lock`)).toBe(false);
});

test('a link to the file stays one, and a file that others may read is refused', () => {
  const { folder, file, keys, run } = setUp();
  run('new');
  const link = join(folder, 'link.json');
  symlinkSync(file, link);
  keys(['new', '--file', link]);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readKeyFile(file).ticketKeys.keys).toHaveLength(2);
  chmodSync(file, 0o644);
  for (const verb of ['list', 'new']) expect(() => run(verb)).toThrow('may be read by others');
});

test('the secrets of a stack keep everything else, and the stack reads them', () => {
  const { folder, keys } = setUp();
  const secretsFile = join(folder, 'secrets.json');
  const before = loadSecrets(secretsFile);
  const place = ['--data-dir', folder];
  keys(['new', ...place]);
  keys(['rotate', ...place, '--kind', 'purchase', '--now']);
  const after = loadSecrets(secretsFile);
  expect(after.adminKey).toBe(before.adminKey);
  expect(after.internalKey).toBe(before.internalKey);
  expect(after.purchaseKeys.keys[1]?.kid).toBe(before.purchaseKeys.keys[0]?.kid);
  expect(after.ticketKeys.keys[0]?.kid).toBe(before.ticketKeys.keys[0]?.kid);
  // What a rotation noted is still there when the stack completes the file.
  expect(after.purchaseKeys.keys[1]?.signedUntil).toBeDefined();
});

test.each([
  [[], 'Say one of new'],
  [['frob'], 'Say one of new'],
  [['new', 'rotate'], 'Say one of new'],
  [['new', '--kind', 'order'], '--kind is order'],
  [['rotate', '--kind', 'vapid'], 'stays'],
  [['retire', '--kind', 'webhook'], 'opens what it has sealed'],
  [['new', '--public'], '--public goes with list'],
  [['new', '--now'], '--now goes with rotate'],
  [['new', '--file', 'a', '--data-dir', 'b'], 'leave one out'],
  [['list', '--bogus'], 'bogus'],
  [['rotate', '--file', '/nowhere/keys.json'], 'is not there'],
  [['new', '--file', '/nowhere/keys.json'], 'cannot be written'],
])('%j is refused in words', (args, words) => {
  const { keys } = setUp();
  expect(() => keys(args)).toThrow(SetupError);
  expect(() => keys(args)).toThrow(words);
});
