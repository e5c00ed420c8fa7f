import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { SetupError } from '../setup-error.ts';
import { repositoryFolder } from '../toolchain/folders.ts';
import { parseInvocation, type StackOptions } from './options.ts';

function parse(args: string[], env: NodeJS.ProcessEnv = {}): StackOptions {
  const invocation = parseInvocation(args, env);
  if (invocation.kind !== 'start') throw new Error('help was asked for');
  return invocation.options;
}

test('without arguments: port 8787, .local, a demo sale, no crowd', () => {
  expect(parse([])).toEqual({
    portBase: 8787,
    dataDir: resolve(repositoryFolder, '.local'),
    empty: false,
    crowdShoppers: 0,
    dev: false,
    settings: {},
  });
});

test('values stand behind a flag or an equals sign', () => {
  const spaced = parse(['--port-base', '9000', '--data-dir', '/data', '--crowd', '200']);
  expect(spaced).toMatchObject({ portBase: 9000, dataDir: '/data', crowdShoppers: 200 });
  expect(parse(['--port-base=9000', '--data-dir=/data', '--crowd=200'])).toEqual(spaced);
});

test('the environment is asked after the flags', () => {
  const env = { FAIRGATE_PORT_BASE: '9100', FAIRGATE_DATA_DIR: '/data', PATH: '/bin' };
  expect(parse([], env)).toMatchObject({
    portBase: 9100,
    dataDir: '/data',
    settings: { FAIRGATE_PORT_BASE: '9100', FAIRGATE_DATA_DIR: '/data' },
  });
  expect(parse(['--port-base', '9200'], env).portBase).toBe(9200);
});

test('help is help, whatever else is said', () => {
  expect(parseInvocation(['--empty', '--help'], {})).toEqual({ kind: 'help' });
});

test.each([
  [['--bogus'], 'Unknown option --bogus'],
  [['extra'], 'Unknown option extra'],
  [['--port-base'], '--port-base needs a value'],
  [['--port-base', 'abc'], '--port-base is abc'],
  [['--port-base', '80'], 'from 1024 to 65515'],
  [['--port-base', '65530'], 'from 1024 to 65515'],
  [['--data-dir', '--empty'], '--data-dir needs a value'],
  [['--crowd', '0'], '--crowd is 0'],
  [['--empty', '--crowd', '5'], 'leave one out'],
])('%j is refused in words', (args, message) => {
  expect(() => parse(args)).toThrow(SetupError);
  expect(() => parse(args)).toThrow(message);
});

test('a setting that cannot be read is named', () => {
  expect(() => parse([], { FAIRGATE_PORT_BASE: 'x' })).toThrow('FAIRGATE_PORT_BASE is x');
});
