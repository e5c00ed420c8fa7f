import type { Context } from 'hono';
import type { z } from 'zod';
import { type InputMistake, Problem } from '../problem.ts';

/** CONTRACT.md section 1: larger bodies are 413 unless an endpoint says otherwise. */
export const bodyBytesMax = 64 * 1_024;

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

/** Parses anything from outside; throws an `invalid-request` that names every mistake. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors: InputMistake[] = parsed.error.issues.slice(0, 20).map((issue) => ({
    path: issue.path.map(String).join('.'),
    message: issue.message,
  }));
  throw new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
}

/** The body as text, read no further than the limit. */
export async function bodyText(c: Context, bytesMax: number = bodyBytesMax): Promise<string> {
  const tooLarge = () => new Problem('payload-too-large', `The limit is ${bytesMax} bytes.`);
  if (Number(c.req.header('content-length') ?? 0) > bytesMax) throw tooLarge();
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
      throw tooLarge();
    }
    chunks.push(value);
  }
  return new TextDecoder().decode(concat(chunks, bytes));
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

function requireType(c: Context, wanted: string): void {
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
