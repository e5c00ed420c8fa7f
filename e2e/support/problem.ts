import { type ProblemSlug, problems } from '@fairgate/shared/problem.ts';
import { expect } from 'vitest';
import type { Answer } from './http.ts';
import { type ProblemAnswer, problemShape } from './shapes.ts';

/** The answer is this refusal, as RFC 9457 and CONTRACT.md section 1 want it; returns its document. */
export function expectProblem(answer: Answer, slug: ProblemSlug): ProblemAnswer {
  expect(`${answer.status} ${answer.text}`).toContain(`urn:fairgate:problem:${slug}`);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.headers.get('x-request-id')).toMatch(/^\S{8,}$/);
  const document = problemShape.parse(JSON.parse(answer.text));
  expect(document.type).toBe(`urn:fairgate:problem:${slug}`);
  expect(document.status).toBe(answer.status);
  expect(answer.status).toBe(problems[slug].status);
  expect(answer.text).not.toMatch(/\.(ts|js|mjs):\d+|node_modules|^\s+at /m);
  if (answer.status === 429 || answer.status === 503) {
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  return document;
}

/** The paths of what was wrong with the input. */
export function mistakePaths(document: ProblemAnswer): string[] {
  return (document.errors ?? []).map((mistake) => mistake.path);
}
