import { reportedAnswerSchema } from '@fairgate/shared/reported-outcomes.ts';
import { z } from 'zod';
import type { Checkouts, RefundReply, ReportReply } from '../app/ports.ts';

/** Longer than a checkout's own statements may take. */
const callMs = 6_000;
/** A batch is redeemed some at a time, each within a redemption's own limit. */
const reportMs = 60_000;

const problemSchema = z.object({ type: z.string(), detail: z.string() });

/** The checkouts over HTTP, tried in turn: whatever one of them decides, the others know too. */
export function checkoutsOver(urls: readonly string[], internalKey: string): Checkouts {
  return {
    async refund(orderId, by) {
      let last: RefundReply = { kind: 'unavailable', cause: 'no checkout is set' };
      for (const url of urls) {
        last = await refundAt(`${url}/internal/orders/${orderId}/refund`, internalKey, by);
        if (last.kind !== 'unavailable') return last;
      }
      return last;
    },
    async report(saleId, reports) {
      let last: ReportReply = { kind: 'unavailable', cause: 'no checkout is set' };
      for (const url of urls) {
        last = await reportAt(`${url}/internal/sales/${saleId}/outcomes`, internalKey, reports);
        if (last.kind !== 'unavailable') return last;
      }
      return last;
    },
  };
}

async function reportAt(url: string, internalKey: string, reports: object): Promise<ReportReply> {
  try {
    const reply = await asked(url, internalKey, reports, reportMs);
    if (reply.status !== 200) return { kind: 'unavailable', cause: `status ${reply.status}` };
    const { results } = reportedAnswerSchema.parse(await reply.json());
    return { kind: 'reported', results };
  } catch (cause) {
    return { kind: 'unavailable', cause };
  }
}

async function asked(
  url: string,
  internalKey: string,
  body: object,
  msMax: number,
): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${internalKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(msMax),
  });
}

async function refundAt(
  url: string,
  internalKey: string,
  by: { actor: string; reason: string | null },
): Promise<RefundReply> {
  try {
    const reply = await asked(url, internalKey, by, callMs);
    if (reply.status === 200) return { kind: 'refunded' };
    const problem = problemSchema.safeParse(await reply.json());
    if (!problem.success) return { kind: 'unavailable', cause: `status ${reply.status}` };
    const { type, detail } = problem.data;
    if (type === 'urn:fairgate:problem:not-found') return { kind: 'unknown' };
    if (type === 'urn:fairgate:problem:conflict') return { kind: 'refused', detail };
    return { kind: 'unavailable', cause: `${type}: ${detail}` };
  } catch (cause) {
    return { kind: 'unavailable', cause };
  }
}
