/** Of section 7 of the contract, "What always holds"; `lively`: what nobody may be kept waiting for. */
export type Invariant = '7.2' | '7.3' | '7.4' | '7.6' | '7.7' | '7.9' | 'lively';

/** An invariant that does not hold, and what was seen. */
export class Broken extends Error {
  readonly invariant: Invariant;
  constructor(invariant: Invariant, what: string) {
    super(`${invariant} is broken: ${what}`);
    this.name = 'Broken';
    this.invariant = invariant;
  }
}

export function expectThat(
  invariant: Invariant,
  holds: boolean,
  what: () => string,
): asserts holds {
  if (!holds) throw new Broken(invariant, what());
}
