import type { SignalCounts } from '@fairgate/shared/bans/suspects.ts';
import { expect, test } from 'vitest';
import type { Blocked } from './door-ports.ts';
import { limits } from './limits.ts';
import { gatheredNotes } from './notes.ts';

/** Notes over a gateway that keeps what it is told, a clock and a sleep that ends by hand. */
function notesOver() {
  const clock = { ms: 1_000, now: () => clock.ms };
  const told: { networks: [string, SignalCounts][]; blocked: Blocked[][] } = {
    networks: [],
    blocked: [],
  };
  const sleeping: (() => void)[] = [];
  const kept: Promise<void>[] = [];
  const notes = gatheredNotes(
    {
      async count(network, counts) {
        told.networks.push([network, counts]);
        return { kind: 'counted', totals: {}, joinMs: 0 };
      },
      async blocked(all) {
        told.blocked.push(all);
        return { kind: 'noted' };
      },
    },
    clock,
    () => new Promise((resolve) => sleeping.push(resolve)),
  );
  const keep = (task: Promise<void>) => void kept.push(task);
  const wake = async () => {
    for (const end of sleeping.splice(0)) end();
    await Promise.all(kept);
  };
  return { notes, clock, told, kept, keep, wake };
}

test('a second of notes is one call for each network, and one for all sales', async () => {
  const { notes, told, kept, keep, wake } = notesOver();
  for (let i = 0; i < 3; i += 1) {
    notes.suspicious('203.0.113.7', 'ticket-forged', keep);
    notes.suspicious('203.0.113.8', 'challenge-failed', keep);
    notes.blocked('sale_1', 'token-invalid', keep);
  }
  notes.blocked('sale_2', 'banned', keep);
  expect(kept).toHaveLength(1);
  await wake();
  expect(told.networks).toEqual([
    ['203.0.113.7', { 'ticket-forged': 3 }],
    ['203.0.113.8', { 'challenge-failed': 3 }],
  ]);
  expect(told.blocked).toEqual([
    [
      { saleId: 'sale_1', reasons: { 'token-invalid': 3 } },
      { saleId: 'sale_2', reasons: { banned: 1 } },
    ],
  ]);
  notes.suspicious('203.0.113.7', 'join', keep);
  expect(kept).toHaveLength(2);
});

test('notes whose request died go out with the next one’s', async () => {
  const { notes, clock, told, keep, wake } = notesOver();
  notes.suspicious('203.0.113.7', 'join', keep);
  // Nothing has come of it for so long: whoever kept it is gone.
  clock.ms += limits.flushLostMs;
  notes.suspicious('203.0.113.7', 'join', keep);
  await wake();
  expect(told.networks).toEqual([['203.0.113.7', { join: 2 }]]);
});

test('an attack from more networks than are held fills nothing', async () => {
  const { notes, told, keep, wake } = notesOver();
  for (let i = 0; i < limits.notesMax + 50; i += 1) notes.suspicious(`n${i}`, 'join', keep);
  for (let i = 0; i < limits.notesMax + 50; i += 1) notes.blocked(`s${i}`, 'banned', keep);
  await wake();
  expect(told.networks).toHaveLength(limits.notesMax);
  expect(told.blocked[0]).toHaveLength(limits.notesMax);
});
