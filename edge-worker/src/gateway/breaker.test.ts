import { expect, test } from 'vitest';
import { waitFor } from '../../../e2e/support/wait.ts';
import { redisBreaker } from './breaker.ts';

const isOpen = (breaker: ReturnType<typeof redisBreaker>) => {
  try {
    breaker.check();
    return false;
  } catch {
    return true;
  }
};

test('three faults in a row open the breaker, an answer between them does not', async () => {
  const breaker = redisBreaker(async () => undefined);
  const fault = new Error('Command timed out');
  for (const it of [fault, fault, undefined, fault, fault]) breaker.note(it);
  expect(isOpen(breaker)).toBe(false);
  breaker.note(fault);
  await waitFor('its opening', 1, () => isOpen(breaker));
});

test('an open breaker lets one probe out at a time, and closes when one is answered', async () => {
  const probes: (() => void)[] = [];
  const breaker = redisBreaker(() => new Promise<void>((resolve) => probes.push(resolve)));
  for (let i = 0; i < 3; i += 1) breaker.note(new Error('Connection is closed.'));
  await waitFor('a probe', 3, () => {
    isOpen(breaker);
    return probes.length > 0;
  });
  for (let i = 0; i < 1_000; i += 1) expect(isOpen(breaker)).toBe(true);
  expect(probes).toHaveLength(1);
  probes[0]?.();
  await waitFor('its closing', 1, () => !isOpen(breaker));
});
