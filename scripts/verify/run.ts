import { Mismatch } from './mismatch.ts';
import { readLog, readReport, readSale } from './public-sale.ts';
import { checkRandomness } from './randomness.ts';
import { verifyDraw } from './verify-draw.ts';
import { verifyLog } from './verify-log.ts';

export type Verdict = { exitCode: 0 | 1 | 2; lines: string[] };

const usage = {
  log: 'Usage: npm run verify-log -- <edge url> <sale>',
  draw: 'Usage: npm run verify-draw -- <edge url> <sale> [lobby number]',
};

/** One command from its arguments to what it prints; 1: something is not true; 2: cannot be read. */
export async function verify(what: 'log' | 'draw', args: readonly string[]): Promise<Verdict> {
  const [url, saleId, numberText, ...rest] = args;
  const isNumber = numberText === undefined || (what === 'draw' && /^\d{1,9}$/.test(numberText));
  if (url === undefined || saleId === undefined || rest.length > 0 || !isNumber) {
    return { exitCode: 2, lines: [usage[what]] };
  }
  const edgeUrl = url.replace(/\/+$/, '');
  try {
    // The report first: the log may have more lines by then, and never fewer.
    const report = await readReport(edgeUrl, saleId);
    const entries = await readLog(edgeUrl, saleId);
    if (what === 'log') return { exitCode: 0, lines: verifyLog(report, entries) };
    const sale = await readSale(edgeUrl, saleId);
    const number = numberText === undefined ? undefined : Number(numberText);
    const found = verifyDraw({ sale, report, entries, number });
    return { exitCode: 0, lines: [...found, await checkRandomness(report, entries)] };
  } catch (error) {
    const told = error instanceof Mismatch ? error.message : `${edgeUrl} cannot be asked: ${error}`;
    return { exitCode: 1, lines: [`NOT TRUE: ${told}`] };
  }
}
