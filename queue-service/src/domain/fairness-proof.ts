import type { Fairness } from '@fairgate/shared/log/fairness.ts';

type DrawField =
  | 'drawCommitment'
  | 'drawSeed'
  | 'lobbySeq'
  | 'lobbyHead'
  | 'entrants'
  | 'randomnessUrl'
  | 'randomness'
  | 'drawKey'
  | 'drawnAt';

export type FairnessProof = {
  id: string;
  generatedAt: string;
  report: Fairness;
  /** Null of a sale that is no lottery. */
  draw: Pick<Fairness, DrawField> | null;
  log: {
    /** For anyone, no key; and the same for admins, which stays when the sale was deleted. */
    url: string;
    adminPath: string;
    contentType: string;
    lines: number;
    lastSeq: number;
    firstHead: string;
    head: string | null;
  };
  hashes: { algorithm: string; logHead: string | null; lobbyHead: string | null };
  checks: { command: string; shows: string[] }[];
  rules: string;
};

type Asked = { report: Fairness; publicOrigin: string; firstHead: string; generatedAt: string };

/** What somebody needs to check the order of a sale without believing this service. */
export function fairnessProof({
  report,
  publicOrigin,
  firstHead,
  generatedAt,
}: Asked): FairnessProof {
  const { id, mode, counts, logSeq, logHead, lobbyHead } = report;
  const isLottery = mode === 'lottery';
  return {
    id,
    generatedAt,
    report,
    draw: isLottery ? drawOf(report) : null,
    log: {
      url: `${publicOrigin}/api/sales/${id}/fairness/log`,
      adminPath: `/v1/sales/${id}/fairness/log`,
      contentType: 'application/x-ndjson',
      lines: Object.values(counts).reduce((sum, count) => sum + count, 0),
      lastSeq: logSeq,
      firstHead,
      head: logHead,
    },
    hashes: { algorithm: 'SHA-256', logHead, lobbyHead },
    checks: [logCheck(id, publicOrigin), ...(isLottery ? [drawCheck(id, publicOrigin)] : [])],
    rules: 'docs/draw.md gives every byte: lines, the chain of their hashes, inversions, the draw.',
  };
}

function drawOf(report: Fairness): FairnessProof['draw'] {
  const { drawCommitment, drawSeed, lobbySeq, lobbyHead, entrants } = report;
  const { randomnessUrl, randomness, drawKey, drawnAt } = report;
  const lobby = { lobbySeq, lobbyHead, entrants };
  return { drawCommitment, drawSeed, ...lobby, randomnessUrl, randomness, drawKey, drawnAt };
}

function logCheck(id: string, publicOrigin: string) {
  return {
    command: `npm run verify-log -- ${publicOrigin} ${id}`,
    shows: [
      'The lines of the log are one chain of hashes, none is missing, and the head is the one above.',
      'Joins, admissions and tokens are as many as the report says.',
      'Nobody was let in while somebody of the same lane stood ahead and was present, but for the inversions that the report counts.',
    ],
  };
}

function drawCheck(id: string, publicOrigin: string) {
  return {
    command: `npm run verify-draw -- ${publicOrigin} ${id}`,
    shows: [
      'The secret is the one whose commitment was public before the lobby opened.',
      'The key of the draw follows from it, from the log of the lobby as it was at its close, and from the public randomness named in advance, where there is one.',
      'Everybody in the lobby was let in in the order of the ranks that this key gives.',
    ],
  };
}
