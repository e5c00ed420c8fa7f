/** A text with `{values}` in it; where it counts something, one text for each plural category. */
export type Phrase = string | Partial<Record<Intl.LDMLPluralRule, string>>;

/** What is put into a phrase. A number is written as the language writes it. */
export type Values = Record<string, string | number>;

/**
 * The text of a phrase. `count` chooses its plural category (CLDR), `number` writes numbers.
 * A value that the phrase does not name is left out; one that it names and nobody gave stays as
 * `{name}`, which tests look for.
 */
export function fillPhrase(
  phrase: Phrase,
  values: Values,
  by: { plural(count: number): Intl.LDMLPluralRule; number(value: number): string },
): string {
  const text =
    typeof phrase === 'string' ? phrase : formOf(phrase, by.plural(Number(values.count)));
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? by.number(value) : value;
  });
}

function formOf(phrase: Exclude<Phrase, string>, category: Intl.LDMLPluralRule): string {
  return phrase[category] ?? phrase.other ?? '';
}
