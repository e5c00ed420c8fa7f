import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse';

/** Where a record begins in the file (the first line is 1), and its cells. */
export type CsvRecord = { line: number; cells: string[] };

/** `broken`: what comes after it cannot be read. */
export type CsvPiece =
  | { kind: 'records'; records: CsvRecord[] }
  | { kind: 'broken'; line: number; message: string };

/** Bytes that are looked at together: nothing more of a file is held. */
const pieceBytes = 64 * 1_024;
/** A row of the longest texts has a third of it. */
const recordBytesMax = 64 * 1_024;

const quotesWrong = 'the quotes are not in order; a quote within quotes is written twice';
const tooLong = `is longer than ${recordBytesMax} bytes, or a quote is not closed`;

/** CSV as RFC 4180 has it, read as the bytes come: bytes → whole lines of UTF-8 → records. */
export async function* csvPieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CsvPiece> {
  const reader = recordReader();
  try {
    for await (const piece of wholeLines(bytes)) {
      if (piece.kind === 'broken') return yield piece;
      yield* found(reader, await reader.write(piece.bytes));
      if (reader.isBroken()) return;
    }
    yield* found(reader, await reader.end());
  } finally {
    reader.close();
  }
}

type RecordReader = ReturnType<typeof recordReader>;

function* found(reader: RecordReader, fault: string | null): Generator<CsvPiece> {
  yield { kind: 'records', records: reader.take() };
  if (fault !== null) yield { kind: 'broken', line: reader.line(), message: fault };
}

/** The parser's records are taken as it finds them: of those it queues, a fault would lose some. */
function recordReader() {
  let records: CsvRecord[] = [];
  let line = 1;
  let fault: string | null = null;
  const parser = parse({
    bom: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    max_record_size: recordBytesMax,
    on_record(cells: string[]) {
      records.push({ line, cells });
      line += 1 + cells.reduce((sum, cell) => sum + lineBreaks(cell), 0);
      return null;
    },
  });
  // It comes by the callbacks as well.
  parser.on('error', () => {});
  parser.resume();
  const settled = (work: (done: (error?: Error | null) => void) => void) =>
    new Promise<string | null>((resolve) => {
      work((error) => {
        if (error) fault = isTooLong(error) ? tooLong : quotesWrong;
        resolve(fault);
      });
    });
  return {
    /** What is wrong, or null. */
    write: (bytes: Uint8Array) => settled((done) => parser.write(bytes, done)),
    end: () => settled((done) => parser.end(done)),
    isBroken: () => fault !== null,
    /** Where the next record begins. */
    line: () => line,
    take() {
      const taken = records;
      records = [];
      return taken;
    },
    close: () => parser.destroy(),
  };
}

function isTooLong(error: Error): boolean {
  return error instanceof CsvError && error.code === 'CSV_MAX_RECORD_SIZE';
}

function lineBreaks(cell: string): number {
  return cell.includes('\n') ? cell.split('\n').length - 1 : 0;
}

type Lines = { kind: 'lines'; bytes: Buffer } | { kind: 'broken'; line: number; message: string };

/** The bytes again, each piece up to the end of a line, so that a mistake is known by its line. */
async function* wholeLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Lines> {
  let line = 1;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.byteLength; at += pieceBytes) {
      const all = Buffer.concat([rest, chunk.subarray(at, at + pieceBytes)]);
      const end = all.lastIndexOf(0x0a) + 1;
      rest = all.subarray(end);
      const whole = all.subarray(0, end);
      if (!isUtf8(whole)) return yield notUtf8(whole, line);
      line += newlines(whole);
      if (rest.byteLength > recordBytesMax) {
        return yield isUtf8(rest)
          ? { kind: 'broken', line, message: tooLong }
          : notUtf8(rest, line);
      }
      if (end > 0) yield { kind: 'lines', bytes: whole };
    }
  }
  if (!isUtf8(rest)) return yield notUtf8(rest, line);
  if (rest.byteLength > 0) yield { kind: 'lines', bytes: rest };
}

function notUtf8(lines: Buffer, first: number): Lines {
  let line = first;
  let at = 0;
  for (let end = lines.indexOf(0x0a); end >= 0; end = lines.indexOf(0x0a, at)) {
    if (!isUtf8(lines.subarray(at, end))) break;
    at = end + 1;
    line += 1;
  }
  return { kind: 'broken', line, message: 'is not UTF-8; save the file as "CSV UTF-8"' };
}

function newlines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(0x0a); at >= 0; at = lines.indexOf(0x0a, at + 1)) count += 1;
  return count;
}
