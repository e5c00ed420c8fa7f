import type { Context, MiddlewareHandler } from 'hono';
import type { z } from 'zod';
import { type InputMistake, Problem } from '../problem.ts';

/** CONTRACT.md section 1: larger bodies are 413 unless an endpoint says otherwise. */
export const bodyBytesMax = 64 * 1_024;

/**
 * Refuses a request whose announced body is over the limit, also where no handler reads the body.
 * A body of no announced length is cut off by its reader, see `bodyText`. `larger`: the limits of
 * calls that take more, by method and exact path (`POST /v1/products/import`).
 */
export function limitBody(larger: ReadonlyMap<string, number> = new Map()): MiddlewareHandler {
  return async (c, next) => {
    const { method, path } = c.req;
    const reads = method === 'GET' || method === 'HEAD';
    if (!reads) requireAnnouncedWithin(c, larger.get(`${method} ${path}`) ?? bodyBytesMax);
    await next();
  };
}

/** A body of JSON that fits the schema. Throws Problems: 413, 415, 400 with all its mistakes. */
export async function jsonBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  requireType(c, 'application/json');
  return parseInput(schema, parseJson(await bodyText(c)));
}

/** As `jsonBody`, but no body at all counts as `{}`. */
export async function optionalJsonBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const text = await bodyText(c);
  if (text.trim() === '') return parseInput(schema, {});
  requireType(c, 'application/json');
  return parseInput(schema, parseJson(text));
}

/** The fields of a posted form (the last of each name), parsed by the schema. */
export async function formBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  requireType(c, 'application/x-www-form-urlencoded');
  return parseInput(schema, Object.fromEntries(new URLSearchParams(await bodyText(c))));
}

/** Parses anything from outside; throws an `invalid-request` that names its mistakes. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const judged = judgeInput(schema, input);
  if (judged.kind === 'valid') return judged.data;
  const errors = judged.mistakes.slice(0, mistakesMax);
  throw new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
}

export type Judged<T> = { kind: 'valid'; data: T } | { kind: 'invalid'; mistakes: InputMistake[] };

/** As `parseInput`, for who goes on after a mistake. */
export function judgeInput<T>(schema: z.ZodType<T>, input: unknown): Judged<T> {
  const unstorable = textMistakes(input);
  const parsed = schema.safeParse(input);
  if (parsed.success && unstorable.length === 0) return { kind: 'valid', data: parsed.data };
  const issues: InputMistake[] = (parsed.error?.issues ?? []).map((issue) => ({
    path: issue.path.map(String).join('.'),
    message: issue.message,
  }));
  return { kind: 'invalid', mistakes: [...unstorable, ...issues] };
}

const mistakesMax = 20;

type Place = { value: unknown; name: string; parent: Place | null };

/**
 * Text that Postgres cannot hold, in values and in keys: NUL, and halves of surrogate pairs.
 * No recursion, and no path before it is needed: 64 KiB may be nested 32 Ki deep.
 */
function textMistakes(input: unknown): InputMistake[] {
  const mistakes: InputMistake[] = [];
  const message = 'holds a NUL character or half of a surrogate pair';
  const places: Place[] = [{ value: input, name: '', parent: null }];
  for (let at = places.pop(); at && mistakes.length < mistakesMax; at = places.pop()) {
    const { value, name } = at;
    const isBad = !isStorable(name) || (typeof value === 'string' && !isStorable(value));
    if (isBad) mistakes.push({ path: pathOf(at), message });
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      places.push({ value: inner, name: key, parent: at });
    }
  }
  return mistakes;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function pathOf(place: Place): string {
  const names: string[] = [];
  for (let at = place; at.parent !== null; at = at.parent) names.push(at.name);
  return names.reverse().join('.').replaceAll('\0', '').toWellFormed();
}

/** The body as text, read no further than the limit. */
export async function bodyText(c: Context, bytesMax: number = bodyBytesMax): Promise<string> {
  requireAnnouncedWithin(c, bytesMax);
  if (c.req.header('content-length') !== undefined) return await announcedText(c, bytesMax);
  const reader = c.req.raw.body?.getReader();
  if (!reader) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel();
      throw tooLarge(bytesMax);
    }
    chunks.push(value);
  }
  return new TextDecoder().decode(concat(chunks, bytes));
}

/**
 * The body as it comes, no faster than it is taken, and no further than the limit. Throws Problems:
 * 413, and `invalid-request` where the sender went away.
 */
export async function* bodyBytes(c: Context, bytesMax: number): AsyncGenerator<Uint8Array> {
  requireAnnouncedWithin(c, bytesMax);
  const reader = c.req.raw.body?.getReader();
  if (!reader) return;
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new Problem('invalid-request', 'The upload ended before its end.', cause);
      });
      if (done) return;
      bytes += value.byteLength;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      yield value;
    }
  } finally {
    // Whoever stops reading wants no more of it; what has failed or ended stays as it is.
    await reader.cancel().catch(() => undefined);
  }
}

/** A server lets no more through than was announced; read at once it costs no web stream. */
async function announcedText(c: Context, bytesMax: number): Promise<string> {
  const text = await c.req.raw.text();
  if (text.length > bytesMax) throw tooLarge(bytesMax);
  return text;
}

function requireAnnouncedWithin(c: Context, bytesMax: number): void {
  if (Number(c.req.header('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax);
}

function tooLarge(bytesMax: number): Problem {
  return new Problem('payload-too-large', `The limit is ${bytesMax} bytes.`);
}

function concat(chunks: Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

/** Throws `unsupported-media-type` where the body is of another type; its parameters are free. */
export function requireType(c: Context, wanted: string): void {
  const given = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (given !== wanted) {
    throw new Problem('unsupported-media-type', `Send ${wanted}.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No cause: its message repeats part of the body, which may hold what no log should.
    const errors = [{ path: '', message: 'The body is not valid JSON.' }];
    throw new Problem('invalid-request', { detail: 'The body is not valid JSON.', errors });
  }
}
