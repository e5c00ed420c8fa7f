/** What a verifier found wrong, in one sentence for a person. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
}

export function ensure(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Mismatch(sentence);
}
