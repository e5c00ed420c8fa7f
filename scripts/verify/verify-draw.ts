import { keyOfDraw, ranksOf, sha256 } from './hashes.ts';
import { ensure } from './mismatch.ts';
import { checkOrder } from './order.ts';
import type { LogEntry, PublicSale, Report } from './public-sale.ts';
import { checkChain } from './verify-log.ts';

export type DrawQuestion = {
  sale: PublicSale;
  report: Report;
  entries: readonly LogEntry[];
  /** A lobby number whose rank is asked for. */
  number: number | undefined;
};

/** The draw from the commitment to the admissions. Throws a Mismatch; returns what holds. */
export function verifyDraw({ sale, report, entries, number }: DrawQuestion): string[] {
  ensure(report.mode === 'lottery', 'the sale is no lottery: nothing was drawn');
  const { drawSeed, drawCommitment, drawKey, lobbyHead, lobbySeq, entrants, randomness } = report;
  ensure(drawSeed !== null && drawKey !== null, 'nothing is drawn yet');
  ensure(lobbyHead !== null && lobbySeq !== null, 'the report names no end of the lobby');
  ensure(entrants !== null, 'the report names no entrants');
  const commitment = sha256(drawSeed);
  ensure(
    commitment === drawCommitment,
    `the secret's hash is ${commitment}, and the commitment is ${drawCommitment}`,
  );
  for (const name of ['drawCommitment', 'drawSeed'] as const) {
    const said = sale[name];
    const isSame = said === report[name] || (said === undefined && name === 'drawSeed');
    ensure(isSame, `the sale says ${name} ${said}, and the report ${report[name]}`);
  }
  checkLobby(report.id, entries, { lobbyHead, lobbySeq, entrants });
  const key = keyOfDraw(drawSeed, lobbyHead, randomness ?? '');
  ensure(key === drawKey, `the key is ${key}, and the report says ${drawKey}`);
  const ranks = ranksOf(key, entrants);
  checkAdmissions(entries, ranks);
  const found = [
    `the secret fits the commitment ${drawCommitment}`,
    `the lobby closed at line ${lobbySeq} with ${entrants} entrants and head ${lobbyHead}`,
    `the key ${key} follows from the secret, that head and ${randomness ? `the randomness ${randomness}` : 'no randomness'}`,
    'all admissions follow the ranks that it gives',
  ];
  return number === undefined ? found : [...found, rankLine(ranks, number)];
}

type Lobby = { lobbyHead: string; lobbySeq: number; entrants: number };

function checkLobby(saleId: string, entries: readonly LogEntry[], lobby: Lobby): void {
  const { lobbySeq, lobbyHead, entrants } = lobby;
  const head = checkChain(saleId, entries).get(lobbySeq);
  ensure(
    head === lobbyHead,
    `the chain's head after line ${lobbySeq} is ${head ?? 'none'}, and the report says ${lobbyHead}`,
  );
  const first = entries.find(({ line }) => line.kind === 'closed-lobby');
  const isIt = first?.line.seq === lobbySeq && first.line.entrants === entrants;
  ensure(isIt, `line ${lobbySeq} does not close the lobby with ${entrants} entrants`);
  for (const { line } of entries) {
    if (line.kind !== 'joined') continue;
    const isEntrant = line.number <= entrants;
    const joinedBefore = line.seq < lobbySeq;
    // After a loss tickets put places of the lobby back.
    ensure(isEntrant || !joinedBefore, `number ${line.number} joined the lobby, but is not drawn`);
  }
}

function checkAdmissions(entries: readonly LogEntry[], ranks: Uint32Array): void {
  const drawn = entries.find(({ line }) => line.kind === 'drawn');
  const early = entries.find(({ line }) => line.kind === 'admitted');
  ensure(
    early === undefined || (drawn !== undefined && drawn.line.seq < early.line.seq),
    `number ${early?.line.number} was admitted before the draw`,
  );
  const lines = entries.map(({ line }) => line);
  const [first] = checkOrder(lines, ranks).inversions;
  ensure(
    first === undefined,
    `line ${first?.seq}: number ${first?.number} was admitted while number ${first?.ahead} stood ahead`,
  );
}

function rankLine(ranks: Uint32Array, number: number): string {
  const rank = number > 0 ? ranks[number] : undefined;
  ensure(rank !== undefined, `lobby number ${number} is not among the entrants`);
  return `lobby number ${number} has rank ${rank} of ${ranks.length - 1}`;
}
