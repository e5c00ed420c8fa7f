import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { colourNames, contrast, defaultColours, schemes, textPairs } from './appearance/colours.ts';
import { newAppearanceSchema, ownTextKeys } from './appearance/rules.ts';
import { ownTextGroups } from './appearance/text-groups.ts';
import { type Appearance, appearanceCss, ownHtml, ownTexts } from './appearance.ts';
import { themeCss } from './pages/theme.ts';
import { speechIn } from './words/speech.ts';

/** What is wrong with it: `path: message`. */
function faults(appearance: unknown): string[] {
  const { error } = newAppearanceSchema.safeParse(appearance);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('the colours that a shop leaves alone are judged as the theme has them', () => {
  const [, light = '', dark = ''] = themeCss.split(':root{');
  for (const [scheme, css] of [
    ['light', light],
    ['dark', dark],
  ] as const) {
    for (const name of colourNames) {
      const property = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      const value = new RegExp(`${property}:(#[0-9a-f]+)`).exec(css)?.[1] ?? '';
      const long = value.length === 4 ? value.replace(/[0-9a-f]/g, '$&$&') : value;
      expect([scheme, name, defaultColours[scheme][name]]).toEqual([scheme, name, long]);
    }
  }
});

test('what is filled in or pressed is bordered by a colour that is judged on ground and card', () => {
  const rules = [...themeCss.matchAll(/(?:^|\})([^{}]*)\{([^{}]*)\}/gm)];
  const ofControls = rules.filter(([, selector]) => /^(input|\.button-quiet),/.test(`${selector}`));
  expect(ofControls).toHaveLength(2);
  for (const [, , css = ''] of ofControls) {
    const border = /border(?:-color)?:([^;]*)/.exec(css)?.[1] ?? '';
    const colour = border === 'currentColor' ? /(?:^|;)color:([^;]*)/.exec(css)?.[1] : border;
    const name = /var\(--(\w+)\)/.exec(colour ?? '')?.[1];
    const grounds = textPairs.filter(([text]) => text === name).map(([, ground]) => ground);
    expect(grounds).toEqual(expect.arrayContaining(['ground', 'card']));
  }
});

describe('contrast', () => {
  it('is that of WCAG', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrast('#777777', '#FFFFFF')).toBeCloseTo(4.478, 3);
    expect(contrast('#123456', '#123456')).toBe(1);
  });

  it('that is too low is refused, and the pair and the ratio are named', () => {
    expect(faults({ colours: { accent: '#ffee00' } })).toContain(
      'colours.accent: accentInk #ffffff on accent #ffee00 has a contrast of 1.2:1; text needs 4.5:1',
    );
    expect(faults({ colours: { dark: { ink: '#333333' } } })[0]).toMatch(
      /^colours\.dark\.ink: ink #333333 on ground #131418 has a contrast of 1\.\d+:1/,
    );
    expect(faults({ colours: { ink: '#777777', ground: '#ffffff' } })[0]).toContain('4.47:1');
  });

  it('that suffices is taken, in a scheme of the shop’s own too', () => {
    expect(faults({ colours: { accent: '#7a0b3b', dark: { accent: '#ff9fc6' } } })).toEqual([]);
    expect(faults({ colours: { ...defaultColours.dark, dark: defaultColours.light } })).toEqual([]);
    expect(faults({})).toEqual([]);
  });
});

it('colours are six hexadecimal digits, and nothing else can stand in the style', () => {
  for (const accent of ['red', '#fff', '#12345g', '#1234567', 'url(x)', '#123456;}', 7, '']) {
    expect(faults({ colours: { accent } })).toHaveLength(1);
  }
  const hex = fc.stringMatching(/^#[0-9a-fA-F]{6}$/);
  const some = fc.record(Object.fromEntries(colourNames.map((name) => [name, hex])), {
    requiredKeys: [],
  });
  fc.assert(
    fc.property(some, some, (light, dark) => {
      const css = appearanceCss({ colours: { ...light, dark } });
      expect(css).toMatch(
        /^(@media screen( and \(prefers-color-scheme:dark\))?\{:root\{(--[a-z-]+:#[0-9a-fA-F]{6};?)+\}\})*$/,
      );
    }),
  );
});

describe('the style', () => {
  it('sets what the shop set, on screens: a page on paper is as it was', () => {
    expect(appearanceCss(null)).toBe('');
    expect(appearanceCss({ logoUrl: 'https://shop.example/logo.png' })).toBe('');
    expect(appearanceCss({ colours: { dark: { accentInk: '#000000' } } })).toBe(
      '@media screen and (prefers-color-scheme:dark){:root{--accent-ink:#000000}}',
    );
  });

  it('gives the dark scheme back what was set for the light one alone', () => {
    expect(appearanceCss({ colours: { accent: '#7a0b3b', dark: { ground: '#000000' } } })).toBe(
      '@media screen{:root{--accent:#7a0b3b}}' +
        `@media screen and (prefers-color-scheme:dark){:root{--ground:#000000;--accent:${defaultColours.dark.accent}}}`,
    );
    expect(schemes).toEqual(['light', 'dark']);
  });
});

describe('texts', () => {
  it('are those of the pages of a sale, with values that the original has', () => {
    const texts = {
      en: { 'sale.joinTitle': 'Get in line', 'live.waitAbout': 'Some {duration}' },
      de: { 'sale.startsAt': 'Los geht es um {time}.' },
    };
    expect(faults({ texts })).toEqual([]);
    expect(faults({ texts: { en: { 'sale.nonsense': 'x' } } })[0]).toMatch(/there is no such text/);
    expect(faults({ texts: { en: { 'catalogue.title': 'x' } } })[0]).toMatch(/no such text/);
    expect(faults({ texts: { en: { 'sale.startsAt': '{time} {place}' } } })).toEqual([
      'texts.en.sale.startsAt: {place} is not in the original, which has {time}',
    ]);
    expect(faults({ texts: { en: { 'sale.joinTitle': 'a\u0001b' } } })[0]).toMatch(/control/);
    expect(faults({ texts: { xx: { 'sale.joinTitle': 'x' } } })).toHaveLength(1);
    expect(faults({ texts: { en: { 'sale.joinTitle': '' } } })).toHaveLength(1);
    expect(faults({ texts: { en: { 'sale.joinTitle': 'x'.repeat(501) } } })).toHaveLength(1);
    expect(faults({ texts: { en: { __proto__: null, constructor: 'x' } } })).toHaveLength(1);
  });

  it('that count are given for each plural category of their language', () => {
    const waiting = (own: unknown, language = 'en') =>
      faults({ texts: { [language]: { 'sale.waiting': own } } });
    expect(waiting({ one: '{count} soul', other: '{count} souls' })).toEqual([]);
    expect(waiting({ other: '{count} 人' }, 'ja')).toEqual([]);
    expect(waiting('{count} souls')[0]).toContain('each plural category: one, other');
    expect(waiting({ one: '{count} soul' })[0]).toContain('`other`');
    expect(waiting({ few: 'x', other: 'y' })[0]).toContain('few is no plural category');
    expect(faults({ texts: { en: { 'sale.joinTitle': { other: 'x' } } } })[0]).toContain(
      'one text',
    );
  });

  it('are said instead of ours, and the others are said as before', () => {
    const appearance: Appearance = { texts: { de: { 'sale.joinTitle': 'Anstellen!' } } };
    const german = speechIn('de', ownTexts(appearance, 'de'));
    expect(german.say('sale.joinTitle')).toBe('Anstellen!');
    expect(german.say('join.button')).toBe(speechIn('de').say('join.button'));
    expect(ownTexts(appearance, 'en')).toEqual({});
    expect(ownTexts(null, 'en')).toEqual({});
  });

  it('may be as many as the pages of a sale have', () => {
    const groups = new Set(ownTextKeys().map((key) => key.split('.')[0]));
    expect([...groups].sort()).toEqual([...ownTextGroups].sort());
  });
});

it('the block of its own is that of the language, or of another one that is there', () => {
  expect(ownHtml({ html: '<p>x</p>' }, 'de')).toEqual({ html: '<p>x</p>', language: null });
  const html = { de: '<p>de</p>', fr: '<p>fr</p>' };
  expect(ownHtml({ html }, 'fr')).toEqual({ html: '<p>fr</p>', language: 'fr' });
  expect(ownHtml({ html }, 'ja')).toEqual({ html: '<p>de</p>', language: 'de' });
  for (const none of [null, {}, { html: '' }, { html: {} }, { html: { en: '' } }]) {
    expect(ownHtml(none, 'en')).toBeNull();
  }
});

it('an appearance is bounded: 16 KiB in all, and 8 of them HTML', () => {
  expect(faults({ html: 'ä'.repeat(4_096) })).toEqual([]);
  expect(faults({ html: 'ä'.repeat(4_097) })).toEqual(['html: has 8194 bytes; 8192 are allowed']);
  const half = 'x'.repeat(5_000);
  expect(faults({ html: { en: half, de: half } })[0]).toMatch(/^html: has 10000 bytes/);
  const texts = Object.fromEntries(
    ownTextKeys()
      .filter((key) => typeof speechIn('en').phrases([key as 'sale.joinTitle'])[key] === 'string')
      .map((key) => [key, 'y'.repeat(400)]),
  );
  expect(faults({ texts: { en: texts } })[0]).toMatch(/^: has \d+ bytes; 16384 are allowed/);
});

it('nothing else is taken', () => {
  expect(faults({ css: 'x' })).toHaveLength(1);
  expect(faults({ colours: { accent: '#7a0b3b', shadow: '#000000' } })).toHaveLength(1);
  for (const logoUrl of ['http://x.example/a.png', 'javascript:alert(1)', 'data:,x', '/a.png']) {
    expect(faults({ logoUrl, logoAlt: 'The shop' })).toHaveLength(1);
  }
  const logoUrl = 'https://x.example/a.png';
  expect(faults({ logoUrl, logoAlt: 'The shop' })).toEqual([]);
  expect(faults({ logoUrl, logoAlt: ' ' })).toEqual(['logoAlt: must say what the logo shows']);
});
