import type { Language } from '@fairgate/shared/words/languages.ts';
import type { Phrase } from '@fairgate/shared/words/phrase.ts';
import { TextField } from '../parts/form.tsx';

type TextProps = {
  /** Its key: `sale.joinTitle`. */
  name: string;
  original: Phrase;
  own: Phrase | undefined;
  lang: Language;
  mistake: string | undefined;
  onChange(own: Phrase | undefined): void;
};

type Category = Intl.LDMLPluralRule;

/** One text of the pages: as it is by itself, and as the shop says it; empty where it does not. */
export function OwnText({ name, original, own, lang, mistake, onChange }: TextProps) {
  if (typeof original === 'string') {
    return (
      <TextField
        label={name}
        value={typeof own === 'string' ? own : ''}
        hint={original}
        mistake={mistake}
        onInput={(text) => onChange(text === '' ? undefined : text)}
      />
    );
  }
  const forms = typeof own === 'object' ? own : {};
  const set = (category: Category, text: string) => {
    const all = Object.entries({ ...forms, [category]: text }).filter(([, form]) => form !== '');
    onChange(all.length === 0 ? undefined : Object.fromEntries(all));
  };
  const { pluralCategories } = new Intl.PluralRules(lang).resolvedOptions();
  return (
    <fieldset class="plain">
      <legend>{name}</legend>
      <div class="grid">
        {pluralCategories.map((category) => (
          <TextField
            key={category}
            label={`${name}, ${category}`}
            value={forms[category] ?? ''}
            hint={original[category] ?? original.other ?? ''}
            mistake={mistake}
            onInput={(text) => set(category, text)}
          />
        ))}
      </div>
    </fieldset>
  );
}
