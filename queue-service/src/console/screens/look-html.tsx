import type { Appearance } from '@fairgate/shared/appearance.ts';
import { type Language, languageNames, languages } from '@fairgate/shared/words/languages.ts';
import { useState } from 'preact/hooks';
import { SelectField, TextField } from '../parts/form.tsx';
import { Card } from '../parts/pieces.tsx';
import type { LookPart } from './look.tsx';

type Html = Appearance['html'];

/** The shop's own block, and what of it was not kept. */
export function LookHtml(part: LookPart & { removed: string[] }) {
  const { look, mistakes, isFixed, change, removed } = part;
  const { html } = look;
  const [language, setLanguage] = useState<Language>('en');
  const isByLanguage = typeof html === 'object';
  const shown = (isByLanguage ? html[language] : html) ?? '';
  const set = (text: string) =>
    change({ html: isByLanguage ? { ...html, [language]: text } : text });
  return (
    <Card title="A block of HTML">
      <SelectField
        label="The block is"
        value={isByLanguage ? 'by-language' : 'one'}
        disabled={isFixed}
        options={[
          ['one', 'One for all languages'],
          ['by-language', 'One for each language'],
        ]}
        onInput={(value) => change({ html: value === 'one' ? asOne(html) : byLanguage(html) })}
      />
      {isByLanguage && (
        <SelectField
          label="Language of the block"
          value={language}
          options={languages.map((one) => [one, languageNames[one]] as const)}
          onInput={(value) => setLanguage(value as Language)}
        />
      )}
      <TextField
        label="HTML"
        rows={10}
        value={shown}
        disabled={isFixed}
        mistake={mistakes.html}
        hint="Headings from h2 on, paragraphs, lists, tables, links and images by https. It is cleaned when it is saved, and stands here as it is kept."
        onInput={set}
      />
      {removed.length > 0 && (
        <div class="notice" role="status">
          <p>This was taken out; the field shows what is kept:</p>
          <ul>
            {removed.map((what) => (
              <li key={what}>
                <code>{what}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Card>
  );
}

function asOne(html: Html): Html {
  if (typeof html !== 'object') return html;
  return html.en || Object.values(html).find(Boolean) || '';
}

function byLanguage(html: Html): Html {
  return typeof html === 'object' ? html : { en: html ?? '' };
}
