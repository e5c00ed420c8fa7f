import type { Clock } from '@fairgate/shared/clock.ts';
import type { LookQuestion } from '@fairgate/shared/room/room.ts';
import { limits } from './limits.ts';
import type { Gateways, Keep } from './ports.ts';
import { TwoGenerations } from './two-generations.ts';

export type Heartbeats = {
  /** Notes that a visitor who waits is there; most calls only fill a buffer. */
  note(saleId: string, question: LookQuestion, keep: Keep): void;
  /** Whether the place is known not to stand where its ticket says: then the room is asked. */
  isElsewhere(saleId: string, question: LookQuestion): boolean;
  markElsewhere(saleId: string, question: LookQuestion): void;
  /** Whether the place is known to be revoked: that cannot be undone, so nobody is asked again. */
  isRevoked(saleId: string, question: LookQuestion): boolean;
  markRevoked(saleId: string, question: LookQuestion): void;
};

type Buffer = { questions: LookQuestion[]; openedAtMs: number };

/**
 * Heartbeats gather for a second, and go to the room as one batch. The request that opens the
 * buffer keeps it (`waitUntil`), since a timer does not outlive its request. The replies name
 * the places that are gone, or stand elsewhere than their ticket says.
 */
export function gatheredHeartbeats(
  gateways: Gateways,
  clock: Clock,
  sleep: (ms: number) => Promise<void>,
): Heartbeats {
  const buffers = new Map<string, Buffer>();
  const notedAtMs = new TwoGenerations<number>(limits.visitorsMax);
  const elsewhere = new TwoGenerations<true>(limits.visitorsMax);
  const revoked = new TwoGenerations<true>(limits.visitorsMax);

  const flush = async (saleId: string, buffer: Buffer): Promise<void> => {
    await sleep(limits.flushAfterMs);
    if (buffers.get(saleId) === buffer) buffers.delete(saleId);
    for (let from = 0; from < buffer.questions.length; from += limits.callMax) {
      const questions = buffer.questions.slice(from, from + limits.callMax);
      const answer = await gateways.note(saleId, questions);
      if (answer.kind !== 'answered') return;
      for (const i of answer.elsewhere) {
        const question = questions[i];
        if (question) elsewhere.set(placeKey(saleId, question), true);
      }
    }
  };

  return {
    note(saleId, question, keep) {
      const key = placeKey(saleId, question);
      const now = clock.now();
      if (now - (notedAtMs.get(key) ?? 0) < limits.noteEveryMs) return;
      const open = buffers.get(saleId);
      if (open && now - open.openedAtMs < limits.flushLostMs) {
        if (open.questions.length >= limits.bufferMax) return;
        notedAtMs.set(key, now);
        open.questions.push(question);
        return;
      }
      notedAtMs.set(key, now);
      const buffer = { questions: [...(open?.questions ?? []), question], openedAtMs: now };
      buffers.set(saleId, buffer);
      keep(flush(saleId, buffer));
    },
    isElsewhere: (saleId, question) => elsewhere.get(placeKey(saleId, question)) === true,
    markElsewhere(saleId, question) {
      elsewhere.set(placeKey(saleId, question), true);
    },
    isRevoked: (saleId, question) => revoked.get(placeKey(saleId, question)) === true,
    markRevoked(saleId, question) {
      revoked.set(placeKey(saleId, question), true);
    },
  };
}

/** By number as well: a visitor who left and joined again has another number, and a new ticket. */
function placeKey(saleId: string, { visitor, number }: LookQuestion): string {
  return `${saleId}:${visitor}:${number}`;
}
