import { makeProof, storedKey } from '@fairgate/shared/pages/client/browser-key.ts';
import { fetchInTime } from './deadline-fetch.ts';

/**
 * The purchase token of this browser's place once more. It has a later end where time was given
 * back, and otherwise the same; null where there is none any more. A proof names the ticket, whose
 * hash the sale's page knows. Rejects where no answer comes in time.
 */
export async function tokenAgain(sale: string): Promise<string | null> {
  const asHtml = { headers: { accept: 'text/html' } };
  const shown = await fetchInTime(`/sales/${sale}`, asHtml, (answer) => answer.text());
  const page = new DOMParser().parseFromString(shown, 'text/html');
  const { place, ticketHash: ath, serverTime = '' } = page.getElementById('room')?.dataset ?? {};
  if (place !== 'issued') return null;
  const path = `/api/sales/${sale}/place/token`;
  const pair = ath ? await storedKey() : null;
  const nowMs = Date.parse(serverTime);
  const proof =
    pair && ath ? { dpop: await makeProof(pair, { method: 'POST', path, ath, nowMs }) } : {};
  return await fetchInTime(path, { method: 'POST', headers: proof }, async (answer) =>
    answer.ok ? (await answer.json()).token : null,
  );
}
