import { DrizzleQueryError } from 'drizzle-orm';
import { ReplyError } from 'ioredis';
import { expect, it } from 'vitest';
import { fault } from './fault.ts';

it('a failed query is logged without its parameters', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  const failed = new DrizzleQueryError('select $1', ['a@example.org'], reset);
  const wrapped = new Error('outer', { cause: failed });
  const text = JSON.stringify(fault(wrapped));
  expect(text).not.toContain('a@example.org');
  expect(text).toContain('ECONNRESET');
});

it('a refusal of Redis is logged without the command, which holds the password', () => {
  const refused = Object.assign(new ReplyError('WRONGPASS invalid username-password pair'), {
    command: { name: 'hello', args: ['3', 'AUTH', 'default', 'hunter2'] },
  });
  const text = JSON.stringify(fault(new Error('outer', { cause: refused })));
  expect(text).not.toContain('hunter2');
  expect(text).toContain('WRONGPASS');
});

it('a Redis that repeats what it was sent does not bring the password into the log', () => {
  const said = "ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'hunter2' ";
  const text = JSON.stringify(fault(new ReplyError(said)));
  expect(text).not.toContain('hunter2');
  expect(text).toContain('unknown command');
});
