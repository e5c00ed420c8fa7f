import { randomBytes } from 'node:crypto';
import { newVisitorId } from '@fairgate/shared/ids.ts';
import { parseTicketKeys } from '@fairgate/shared/token/ticket.ts';
import { expect, test } from 'vitest';
import { readVisitor, signVisitor } from './signed-visitor.ts';

const key = (kid: string) => ({ kid, k: randomBytes(32).toString('base64url') });
const [older, newer] = [key('older'), key('newer')];
const keys = parseTicketKeys(JSON.stringify({ keys: [newer, older] }));

test('a visitor is read back, also by a key that no longer signs', () => {
  const visitor = newVisitorId();
  expect(readVisitor(keys, signVisitor(keys, visitor))).toEqual({ visitor, jkt: null });
  const before = parseTicketKeys(JSON.stringify({ keys: [older] }));
  expect(readVisitor(keys, signVisitor(before, visitor))).toEqual({ visitor, jkt: null });
  const jkt = 'k'.repeat(43);
  expect(readVisitor(keys, signVisitor(keys, visitor, jkt))).toEqual({ visitor, jkt });
});

test('a binding can be neither taken off a value nor exchanged', () => {
  const visitor = newVisitorId();
  const [, kid = '', mac = ''] = signVisitor(keys, visitor, 'k'.repeat(43)).split('.');
  for (const text of [visitor, `${visitor}~${'l'.repeat(43)}`]) {
    expect(readVisitor(keys, `${text}.${kid}.${mac}`)).toBeNull();
  }
});

test('nobody becomes another visitor by changing the value', () => {
  const value = signVisitor(keys, newVisitorId());
  const [, kid = '', mac = ''] = value.split('.');
  const other = newVisitorId();
  const forged = [
    `${other}.${kid}.${mac}`,
    `${other}.${kid}.`,
    `${other}.none.${mac}`,
    other,
    '',
    `${value}.x`,
    // Another letter that counts: the last one has two bits that nobody reads.
    `${value.slice(0, -2)}${value.at(-2) === 'A' ? 'B' : 'A'}${value.at(-1)}`,
  ];
  for (const text of forged) expect(readVisitor(keys, text)).toBeNull();
});
