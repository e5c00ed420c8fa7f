import { type Language, languageNames, languages } from '@fairgate/shared/words/languages.ts';
import type { Phrase } from '@fairgate/shared/words/phrase.ts';
import { useState } from 'preact/hooks';
import { useLoad } from '../api/load.ts';
import { type Original, originalsIn } from '../api/look.ts';
import { SelectField, TextField } from '../parts/form.tsx';
import { Card, Trouble, Waiting } from '../parts/pieces.tsx';
import { plural, sentence } from '../parts/words.ts';
import type { LookPart } from './look.tsx';
import { OwnText } from './look-text.tsx';

/** Every text of the pages in one language, with the shop's own beside it. */
export function LookTexts({ look, mistakes, isFixed, change }: LookPart) {
  const [language, setLanguage] = useState<Language>('en');
  const [search, setSearch] = useState('');
  const { data, trouble, reload } = useLoad(() => originalsIn(language), language);
  const own = look.texts?.[language] ?? {};
  const set = (key: string, phrase: Phrase | undefined) => {
    const { [key]: _, ...others } = own;
    const texts = phrase === undefined ? others : { ...others, [key]: phrase };
    change({ texts: { ...look.texts, [language]: texts } });
  };
  return (
    <Card title="Texts">
      <div class="filters">
        <SelectField
          label="Language of the texts"
          value={language}
          options={languages.map((one) => [one, languageNames[one]] as const)}
          onInput={(value) => setLanguage(value as Language)}
        />
        <TextField
          label="Find a text"
          type="search"
          value={search}
          hint={`${plural(Object.keys(own).length, 'text')} of your own in this language.`}
          onInput={setSearch}
        />
      </div>
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && (
        <Groups
          originals={found(data, own, search)}
          isOpen={search !== ''}
          lang={language}
          own={own}
          isFixed={isFixed}
          mistakeOf={(key) => mistakes[`texts.${language}.${key}`]}
          set={set}
        />
      )}
    </Card>
  );
}

type Own = Readonly<Record<string, Phrase>>;

/** Those that hold the words, in their key, as it is said, or as the shop says it. */
function found(originals: Original[], own: Own, search: string): Original[] {
  const wanted = search.trim().toLowerCase();
  return originals.filter(({ key, phrase }) =>
    [key, ...formsOf(phrase), ...formsOf(own[key] ?? '')].some((text) =>
      text.toLowerCase().includes(wanted),
    ),
  );
}

function formsOf(phrase: Phrase): string[] {
  return typeof phrase === 'string' ? [phrase] : Object.values(phrase);
}

type GroupsProps = {
  originals: Original[];
  isOpen: boolean;
  lang: Language;
  own: Own;
  isFixed: boolean;
  mistakeOf(key: string): string | undefined;
  set(key: string, phrase: Phrase | undefined): void;
};

function Groups({ originals, isOpen, ...rest }: GroupsProps) {
  const groups = Map.groupBy(originals, ({ key }) => key.split('.')[0] ?? '');
  if (groups.size === 0) return <p class="muted">No text is like that.</p>;
  return (
    <>
      {[...groups].map(([group, texts]) => (
        <Group key={`${group} ${isOpen}`} name={group} texts={texts} isOpen={isOpen} {...rest} />
      ))}
    </>
  );
}

type GroupProps = Omit<GroupsProps, 'originals'> & { name: string; texts: Original[] };

/** Its fields are made when it is opened: there are some two hundred in all. */
function Group({ name, texts, isOpen, own, ...rest }: GroupProps) {
  const [open, setOpen] = useState(isOpen);
  const count = texts.filter(({ key }) => own[key] !== undefined).length;
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {sentence(name)} <span class="muted">{plural(texts.length, 'text')}</span>
        {count > 0 && <span class="badge">{count} of your own</span>}
      </summary>
      {open && (
        <fieldset class="plain own-texts" disabled={rest.isFixed}>
          <legend class="hidden-words">{sentence(name)}</legend>
          {texts.map(({ key, phrase }) => (
            <OwnText
              key={key}
              name={key}
              original={phrase}
              own={own[key]}
              lang={rest.lang}
              mistake={rest.mistakeOf(key)}
              onChange={(own) => rest.set(key, own)}
            />
          ))}
        </fieldset>
      )}
    </details>
  );
}
