import { DrizzleQueryError } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { fault } from './log.ts';

it('a failed query is logged without its parameters', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  const failed = new DrizzleQueryError('select $1', ['a@example.org'], reset);
  const wrapped = new Error('outer', { cause: failed });
  const text = JSON.stringify(fault(wrapped));
  expect(text).not.toContain('a@example.org');
  expect(text).toContain('ECONNRESET');
});
