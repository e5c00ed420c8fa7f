import type { z } from 'zod';

/** What came back, read to its end. */
export type Answer = { status: number; headers: Headers; text: string };

export type CallOptions = {
  method?: string;
  /** Sent as `Authorization: Bearer …`. */
  bearer?: string;
  /** Sent as JSON; use `body` for what is not well formed. */
  json?: unknown;
  body?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
};

const timeoutMsDefault = 20_000;

/** One request, over the process's kept-alive connections. Rejects where there was no answer. */
export async function call(url: string, options: CallOptions = {}): Promise<Answer> {
  const headers = new Headers(options.headers);
  if (options.bearer !== undefined) headers.set('authorization', `Bearer ${options.bearer}`);
  if (options.json !== undefined) headers.set('content-type', 'application/json');
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  const response = await fetch(url, {
    method: options.method ?? 'GET',
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(options.timeoutMs ?? timeoutMsDefault),
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The answer's JSON by its schema. Throws, with the answer's text, unless the status is as told. */
export function answered<T>(answer: Answer, status: number, schema: z.ZodType<T>): T {
  if (answer.status !== status) {
    throw new Error(`answered ${answer.status} instead of ${status}: ${answer.text.slice(0, 500)}`);
  }
  return schema.parse(JSON.parse(answer.text));
}

/** Runs `work` on each item, at most `limit` at once; results are in the items' order. */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const queue = items.entries();
  const runner = async () => {
    for (const [index, item] of queue) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, runner));
  return results;
}
