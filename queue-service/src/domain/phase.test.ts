import { describe, expect, it } from 'vitest';
import { dueTransition, type SaleAction, type Standing, saleState, transition } from './phase.ts';

const startsAt = 1_000_000;
const base: Standing = {
  phase: 'scheduled',
  startsAt,
  endsAt: null,
  lobbySeconds: 100,
  soldOut: false,
};
const early = startsAt - 200_000;
const lobby = startsAt - 50_000;
const late = startsAt + 1_000;

describe('the state of a sale', () => {
  it.each([
    ['draft', { phase: 'draft' }, late],
    ['scheduled', {}, early],
    ['lobby', {}, startsAt - 100_000],
    ['lobby', {}, startsAt - 1],
    ['open', {}, startsAt],
    ['open', { phase: 'open' }, early],
    ['sold_out', { phase: 'open', soldOut: true }, late],
    ['lobby', { soldOut: true }, lobby],
    ['paused', { phase: 'paused', soldOut: true }, late],
    ['closed', { phase: 'closed' }, early],
    ['closed', { phase: 'paused', endsAt: late }, late],
    ['open', { endsAt: late }, late - 1],
  ] as const)('is %s for %o', (state, changes, now) => {
    expect(saleState({ ...base, ...changes }, now)).toBe(state);
  });
});

describe('what an admin may do', () => {
  const outcome = (action: SaleAction, changes: Partial<Standing>, now: number, opened = false) => {
    const result = transition(action, { ...base, ...changes }, opened, now);
    return result.kind === 'moved' ? result.to : result.kind;
  };
  const draft = { phase: 'draft' } as const;
  const open = { phase: 'open' } as const;
  const paused = { phase: 'paused' } as const;
  const closed = { phase: 'closed' } as const;

  it.each([
    ['publish', draft, early, 'scheduled'],
    ['publish', draft, late, 'open'],
    ['publish', {}, early, 'already'],
    ['publish', open, late, 'already'],
    ['publish', paused, late, 'already'],
    ['publish', closed, late, 'refused'],
    ['open', draft, late, 'refused'],
    ['open', {}, early, 'open'],
    ['open', {}, lobby, 'open'],
    ['open', {}, late, 'open'],
    ['open', open, late, 'already'],
    ['open', paused, late, 'refused'],
    ['open', closed, late, 'refused'],
    ['pause', draft, late, 'refused'],
    ['pause', {}, early, 'refused'],
    ['pause', {}, lobby, 'paused'],
    ['pause', {}, late, 'paused'],
    ['pause', { ...open, soldOut: true }, late, 'paused'],
    ['pause', paused, late, 'already'],
    ['pause', closed, late, 'refused'],
    ['resume', draft, late, 'refused'],
    ['resume', {}, early, 'refused'],
    ['resume', {}, lobby, 'already'],
    ['resume', open, late, 'already'],
    ['resume', paused, late, 'open'],
    ['resume', paused, lobby, 'scheduled'],
    ['resume', closed, late, 'refused'],
    ['close', draft, late, 'refused'],
    ['close', {}, early, 'closed'],
    ['close', open, late, 'closed'],
    ['close', paused, late, 'closed'],
    ['close', closed, late, 'already'],
    ['close', { ...open, endsAt: late }, late, 'closed'],
  ] as const)('%s of %o', (action, changes, now, expected) => {
    expect(outcome(action, changes, now)).toBe(expected);
  });

  it('resumes to open what was opened by hand before its start', () => {
    expect(outcome('resume', paused, lobby, true)).toBe('open');
  });

  it('names the present state in a refusal', () => {
    const refused = transition('pause', { ...base, phase: 'closed' }, false, late);
    expect(refused).toEqual({ kind: 'refused', action: 'pause', state: 'closed' });
  });
});

it('the clock opens at startsAt, closes at endsAt, and leaves drafts and pauses alone', () => {
  expect(dueTransition(base, startsAt - 1)).toBeNull();
  expect(dueTransition(base, startsAt)).toBe('open');
  expect(dueTransition({ ...base, endsAt: late }, late)).toBe('closed');
  expect(dueTransition({ ...base, phase: 'paused' }, late)).toBeNull();
  expect(dueTransition({ ...base, phase: 'paused', endsAt: late }, late)).toBe('closed');
  expect(dueTransition({ ...base, phase: 'draft', endsAt: late }, late)).toBeNull();
  expect(dueTransition({ ...base, phase: 'closed', endsAt: late }, late)).toBeNull();
});
