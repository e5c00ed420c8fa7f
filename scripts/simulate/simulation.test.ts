import { clockedScripts } from '@fairgate/shared/room/clocked-scripts.ts';
import { afterAll, expect, test } from 'vitest';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { simulate } from './property.ts';
import { reportOf } from './report.ts';

const redisUrl = await freshRedisUrl(afterAll);

test('what always holds, holds after every step of a thousand histories', async () => {
  const details = await simulate({ redisUrl, scripts: clockedScripts(), runs: 1_000, seed: 51 });
  expect(details.failed, reportOf(details)).toBe(false);
}, 300_000);
