import { emptyLogHead, headAfter, ranksOf } from './hashes.ts';
import { ensure } from './mismatch.ts';
import { checkOrder } from './order.ts';
import type { LogEntry, Report } from './public-sale.ts';

/** The heads after each of these lines, by `seq`, after checking that the log is one chain. */
export function checkChain(saleId: string, entries: readonly LogEntry[]): Map<number, string> {
  const heads = new Map<number, string>();
  let head = emptyLogHead(saleId);
  let last = { seq: 0, kind: 'none' };
  for (const { line, text } of entries) {
    const mayJump = line.kind === 'recovered' || last.kind === 'recovered';
    const follows = line.seq === last.seq + 1 || (mayJump && line.seq > last.seq);
    ensure(follows, `line ${line.seq} follows line ${last.seq}: what was between is missing`);
    head = headAfter(head, text);
    heads.set(line.seq, head);
    last = line;
  }
  return heads;
}

/** Everything that a report says of the log. Throws a Mismatch; returns what was found to be true. */
export function verifyLog(report: Report, entries: readonly LogEntry[]): string[] {
  const heads = checkChain(report.id, entries);
  const { logSeq, logHead, auditedSeq } = report;
  if (logSeq > 0) {
    const found = heads.get(logSeq);
    ensure(found !== undefined, `the log ends before line ${logSeq}, which the report names`);
    ensure(
      found === logHead,
      `the chain's head after line ${logSeq} is ${found}, and the report says ${logHead}`,
    );
  }
  checkCounts(report, entries);
  const ranks = drawnRanks(report);
  const audited = entries.filter(({ line }) => line.seq <= auditedSeq).map(({ line }) => line);
  const { lanes } = checkOrder(audited, ranks);
  for (const lane of new Set([...Object.keys(lanes), ...Object.keys(report.lanes)])) {
    const [found, said] = [lanes[lane], report.lanes[lane]];
    for (const what of ['joined', 'admitted', 'inversions'] as const) {
      const [mine, theirs] = [found?.[what] ?? 0, said?.[what] ?? 0];
      ensure(
        mine === theirs,
        `lane ${lane} has ${mine} ${what} up to line ${auditedSeq}, and the report says ${theirs}`,
      );
    }
  }
  const sum = Object.values(lanes).reduce((total, { inversions }) => total + inversions, 0);
  ensure(sum === report.inversions, `${sum} inversions, and the report says ${report.inversions}`);
  return [
    `${entries.length} lines are one chain; its head after line ${logSeq} is ${logHead}`,
    `${report.admitted} admissions, ${report.issued} tokens; inversions: ${sum}`,
  ];
}

function checkCounts(report: Report, entries: readonly LogEntry[]): void {
  const counts: Record<string, number> = {};
  for (const { line } of entries) {
    if (line.seq <= report.logSeq) counts[line.kind] = (counts[line.kind] ?? 0) + 1;
  }
  for (const kind of new Set([...Object.keys(counts), ...Object.keys(report.counts)])) {
    const [mine, theirs] = [counts[kind] ?? 0, report.counts[kind] ?? 0];
    ensure(mine === theirs, `the log has ${mine} lines "${kind}", and the report says ${theirs}`);
  }
  for (const what of ['admitted', 'issued'] as const) {
    const mine = counts[what] ?? 0;
    ensure(mine === report[what], `${mine} are ${what}, and the report says ${report[what]}`);
  }
}

/** Null where nothing is drawn. */
export function drawnRanks({ drawKey, entrants }: Report): Uint32Array | null {
  return drawKey === null || entrants === null ? null : ranksOf(drawKey, entrants);
}
