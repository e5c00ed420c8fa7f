import { describe, expect, test } from 'vitest';
import { bindingOf, type Holding } from './binding.ts';

const ticket = (jkt: string | null): Holding => ({ kind: 'ticket', jkt });
const visitor = (jkt: string | null): Holding => ({ kind: 'visitor', jkt });
const nothing: Holding = { kind: 'nothing' };
const join = (jkt: string | null, asNewcomer = false) => ({ kind: 'join', jkt, asNewcomer });

describe('a place that is bound', () => {
  test('keeps its first key, which has to be proven, whatever the sale asks for by now', () => {
    for (const mode of ['off', 'optional', 'required'] as const) {
      expect(bindingOf(mode, ticket('a'), null)).toEqual({ kind: 'prove', jkt: 'a' });
      expect(bindingOf(mode, ticket('a'), 'a')).toEqual({ kind: 'prove', jkt: 'a' });
    }
  });

  test('takes no other key', () => {
    expect(bindingOf('optional', ticket('a'), 'b')).toEqual({ kind: 'other-key' });
    expect(bindingOf('required', ticket('a'), 'b')).toEqual({ kind: 'other-key' });
  });
});

describe('a joiner without a bound place', () => {
  test('is bound to the key that comes, unless the sale binds nobody', () => {
    for (const holding of [nothing, visitor(null), ticket(null)]) {
      expect(bindingOf('off', holding, 'a')).toEqual(join(null));
      expect(bindingOf('optional', holding, 'a')).toEqual(join('a'));
      expect(bindingOf('optional', holding, null)).toEqual(join(null));
      expect(bindingOf('required', holding, 'a')).toEqual(join('a'));
      expect(bindingOf('required', holding, null)).toEqual({ kind: 'key-needed' });
    }
  });

  test('whose cookie is bound is known by the key alone', () => {
    expect(bindingOf('optional', visitor('a'), 'a')).toEqual(join('a'));
    expect(bindingOf('optional', visitor('a'), 'b')).toEqual(join('b', true));
    expect(bindingOf('optional', visitor('a'), null)).toEqual(join(null, true));
    expect(bindingOf('off', visitor('a'), null)).toEqual(join(null));
  });
});
