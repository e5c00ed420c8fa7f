import { readdirSync, readFileSync } from 'node:fs';
import { isPostgresWriteFault } from '@fairgate/shared/db/write-fault.ts';
import { defineConfig, type Plugin } from 'vitest/config';

/** `import text from './x.lua'` as wrangler does it for the Worker. */
const luaAsText: Plugin = {
  name: 'lua-as-text',
  enforce: 'pre',
  load(id) {
    const file = id.split('?')[0] ?? id;
    if (!file.endsWith('.lua')) return null;
    return `export default ${JSON.stringify(readFileSync(file, 'utf8'))};`;
  },
};

const endToEnd = readdirSync('e2e', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
  .map((file) => `e2e/${file}`);
const onSharedStack = endToEnd.filter((file) =>
  readFileSync(file, 'utf8').includes('sharedStack('),
);

const workspaces = ['shared', 'edge-worker', 'queue-service', 'checkout-service', 'scripts'];

const common = {
  pool: 'forks' as const,
  exclude: ['**/node_modules/**'],
  // A second, as it is by default, is little for a browser on a busy machine.
  expect: { poll: { timeout: 15_000 } },
};
const endToEndTimes = {
  ...common,
  testTimeout: 120_000,
  hookTimeout: 180_000,
};

export default defineConfig({
  test: {
    // Of the whole run, so that all projects share the stores.
    globalSetup: ['scripts/test/vitest-stores.ts'],
    teardownTimeout: 60_000,
    // Where a test stops Postgres under checkouts in its own process. The services survive this one
    // fault of their driver as well, and nothing else (e2e/postgres-faults.test.ts runs them).
    onUnhandledError({ message, stack }) {
      const error = Object.assign(new TypeError(message), stack === undefined ? {} : { stack });
      return isPostgresWriteFault(error) ? false : undefined;
    },
    projects: [
      {
        plugins: [luaAsText],
        test: {
          ...common,
          name: 'unit',
          include: workspaces.map((name) => `${name}/**/*.test.ts`),
          maxWorkers: 2,
          testTimeout: 20_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        plugins: [luaAsText],
        test: {
          ...endToEndTimes,
          // Each starts what it needs, and much of its time goes by in waiting.
          name: 'apart',
          include: endToEnd.filter((file) => !onSharedStack.includes(file)),
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        plugins: [luaAsText],
        test: {
          ...endToEndTimes,
          name: 'stack',
          // One stack, started when a test first asks for it.
          globalSetup: ['e2e/support/shared-stack-setup.ts'],
          include: onSharedStack,
          // They share the stack, and stop parts of it. Two stacks beside each other were tried:
          // crowds of thousands starve each other on two cores.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
