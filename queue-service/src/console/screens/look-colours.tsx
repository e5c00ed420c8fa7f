import {
  type ColourName,
  colourNames,
  contrastMin,
  contrastText,
  defaultColours,
  pairsOf,
  type Scheme,
  type SomeColours,
  schemes,
} from '@fairgate/shared/appearance/colours.ts';
import type { Appearance } from '@fairgate/shared/appearance.ts';
import { Field } from '../parts/form.tsx';
import { Card } from '../parts/pieces.tsx';
import { plural } from '../parts/words.ts';
import type { LookPart } from './look.tsx';

const words: Record<ColourName, string> = {
  ground: 'Ground of the page',
  card: 'Ground of cards',
  ink: 'Text',
  muted: 'Quiet text',
  line: 'Lines',
  accent: 'Accent: buttons and links',
  accentInk: 'Text on the accent',
  accentSoft: 'Ground of notices',
  good: 'Good news',
  warn: 'Warnings',
  bad: 'Bad news',
};
const schemeWords: Record<Scheme, string> = { light: 'Colours by light', dark: 'Colours by dark' };

/** The colours of both schemes, each beside whether it can be read. */
export function LookColours({ look, mistakes, isFixed, change }: LookPart) {
  return (
    <div class="columns">
      {schemes.map((scheme) => (
        <SchemeColours
          key={scheme}
          scheme={scheme}
          own={ownColours(look, scheme)}
          isFixed={isFixed}
          mistakeOf={(name) => mistakes[`colours.${scheme === 'dark' ? 'dark.' : ''}${name}`]}
          onChange={(own) => change({ colours: withColours(look, scheme, own) })}
        />
      ))}
    </div>
  );
}

function ownColours({ colours = {} }: Appearance, scheme: Scheme): SomeColours {
  const { dark = {}, ...light } = colours;
  return scheme === 'dark' ? dark : light;
}

function withColours(
  { colours = {} }: Appearance,
  scheme: Scheme,
  own: SomeColours,
): NonNullable<Appearance['colours']> {
  return scheme === 'dark' ? { ...colours, dark: own } : { ...own, dark: colours.dark };
}

type SchemeProps = {
  scheme: Scheme;
  own: SomeColours;
  isFixed: boolean;
  mistakeOf(name: ColourName): string | undefined;
  onChange(own: SomeColours): void;
};

function SchemeColours({ scheme, own, isFixed, mistakeOf, onChange }: SchemeProps) {
  return (
    <Card title={schemeWords[scheme]}>
      <fieldset class="plain colours" disabled={isFixed}>
        <legend class="hidden-words">{schemeWords[scheme]}</legend>
        {colourNames.map((name) => (
          <ColourField
            key={name}
            label={words[name]}
            value={own[name]}
            original={defaultColours[scheme][name]}
            mistake={mistakeOf(name)}
            onChange={(colour) => onChange({ ...own, [name]: colour })}
          />
        ))}
      </fieldset>
      <Contrasts scheme={scheme} own={own} />
    </Card>
  );
}

type ColourProps = {
  label: string;
  /** Undefined: the theme's. */
  value: string | undefined;
  original: string;
  mistake: string | undefined;
  onChange(colour: string | undefined): void;
};

function ColourField({ label, value, original, mistake, onChange }: ColourProps) {
  return (
    <Field label={label} mistake={mistake}>
      {(aria) => (
        <span class="colour">
          <input
            {...aria}
            type="color"
            value={value ?? original}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
          <code>{value ?? original}</code>
          {value !== undefined && (
            <button type="button" class="button-quiet" onClick={() => onChange(undefined)}>
              Reset<span class="hidden-words"> {label}</span>
            </button>
          )}
        </span>
      )}
    </Field>
  );
}

/** Each pair of text and ground with its ratio, as the colours are changed. */
function Contrasts({ scheme, own }: { scheme: Scheme; own: SomeColours }) {
  const pairs = pairsOf(scheme, own);
  const low = pairs.filter(({ ratio }) => ratio < contrastMin);
  const verdict =
    low.length === 0
      ? `All text can be read: ${contrastMin}:1 or more.`
      : `${plural(low.length, 'pair')} cannot be read well: less than ${contrastMin}:1.`;
  return (
    <div>
      <p role="status" class={low.length === 0 ? 'good' : 'bad'}>
        {verdict}
      </p>
      <ul class="pairs">
        {pairs.map(({ text, ground, textColour, groundColour, ratio }) => (
          <li key={`${text} ${ground}`}>
            <span class="pair-sample" aria-hidden="true" style={{ background: groundColour }}>
              <span style={{ background: textColour }} />
            </span>
            <span>
              {words[text]} on {words[ground].toLowerCase()}
            </span>
            <strong class={ratio < contrastMin ? 'bad' : ''}>{contrastText(ratio)}</strong>
          </li>
        ))}
      </ul>
    </div>
  );
}
