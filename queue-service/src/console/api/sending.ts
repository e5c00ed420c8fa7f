import { ApiProblem, ask, get, type Reply } from './client.ts';
import { changedText } from './differences.ts';
import { goesOn } from './seen.ts';
import type { Sale } from './shapes.ts';

/** A sale as it was read, with its version. */
export type Framed = { sale: Sale; etag: string | null; reload(): void };

export type Change = {
  method: 'POST' | 'PATCH' | 'DELETE';
  /** Behind the sale's own path: `/room`; '' is the sale itself. */
  part: string;
  body?: unknown;
  /** What it does, to end a question: `Pause it`. */
  what: string;
};

/** What a version became by a change of our own, so that it is no stranger's. */
const ours = new Map<string, string>();

function newest(saleId: string, etag: string | null): string | null {
  let now = etag;
  for (;;) {
    const next = ours.get(`${saleId} ${now}`);
    if (next === undefined) return now;
    now = next;
  }
}

let last: Promise<unknown> = Promise.resolve();

/** One after the other: the next is sent with the version that the one before has made. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work);
  last = mine.catch(() => {});
  return mine;
}

/**
 * Changes a sale as it was looked at. Where somebody else was faster (412), says what they changed,
 * and asks again. Null where it was then left. Throws ApiProblems.
 */
export function sendChange<T>(framed: Framed, change: Change): Promise<Reply<T> | null> {
  return inTurn(async () => {
    let known: Pick<Framed, 'sale' | 'etag'> = framed;
    for (;;) {
      const answer = await sendOnce<T>(known, change);
      if (answer !== 'stale') return answer;
      const fresh = await get<Sale>(`/v1/sales/${framed.sale.id}`);
      framed.reload();
      if (!(await goesOn('sale', changedText(known.sale, fresh.data), change.what))) return null;
      known = { sale: fresh.data, etag: fresh.etag };
    }
  });
}

async function sendOnce<T>(
  { sale: { id }, etag }: Pick<Framed, 'sale' | 'etag'>,
  { method, part, body }: Change,
): Promise<Reply<T> | 'stale'> {
  const sent = newest(id, etag);
  try {
    const answer = await ask<T>(method, `/v1/sales/${id}${part}`, { body, etag: sent });
    if (answer.etag !== null && answer.etag !== sent) ours.set(`${id} ${sent}`, answer.etag);
    return answer;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 412) return 'stale';
    throw error;
  }
}
