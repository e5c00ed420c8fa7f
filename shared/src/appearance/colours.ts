/** The colours of the pages that a shop may set; in the theme `accentInk` is `--accent-ink`. */
export const colourNames = [
  'ground',
  'card',
  'ink',
  'muted',
  'line',
  'accent',
  'accentInk',
  'accentSoft',
  'good',
  'warn',
  'bad',
] as const;
export type ColourName = (typeof colourNames)[number];

/** Each `#rrggbb`. */
export type Colours = Record<ColourName, string>;
export type SomeColours = { readonly [K in ColourName]?: string | undefined };
export const schemes = ['light', 'dark'] as const;
export type Scheme = (typeof schemes)[number];

/** Those of `pages/theme.ts`, where the shop sets none. */
export const defaultColours: Record<Scheme, Colours> = {
  light: {
    ground: '#f7f7f5',
    card: '#ffffff',
    ink: '#1b1d22',
    muted: '#5c616c',
    line: '#dfe0e4',
    accent: '#2b5bd7',
    accentInk: '#ffffff',
    accentSoft: '#e8eefc',
    good: '#17703d',
    warn: '#8a5300',
    bad: '#b3261e',
  },
  dark: {
    ground: '#131418',
    card: '#1d1f25',
    ink: '#eceef2',
    muted: '#a3a9b6',
    line: '#33363f',
    accent: '#8fb0ff',
    accentInk: '#0d1630',
    accentSoft: '#222c47',
    good: '#6fd39a',
    warn: '#f0b65a',
    bad: '#ff8a80',
  },
};

/** Where the pages put text on a colour: `[text, its ground]`. */
export const textPairs: readonly (readonly [ColourName, ColourName])[] = [
  ['ink', 'ground'],
  ['ink', 'card'],
  ['ink', 'accentSoft'],
  ['muted', 'ground'],
  ['muted', 'card'],
  ['muted', 'line'],
  ['accent', 'ground'],
  ['accent', 'card'],
  ['accent', 'accentSoft'],
  ['accentInk', 'accent'],
  ['good', 'card'],
  ['warn', 'card'],
  ['bad', 'ground'],
  ['bad', 'card'],
];

/** WCAG 2.2, 1.4.3: of text to what it stands on. */
export const contrastMin = 4.5;

/** From 1 (none) to 21 (black on white), of two colours `#rrggbb` (WCAG 2.2, contrast ratio). */
export function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Never rounded up: what is shown as 4.5 suffices. */
export function contrastText(ratio: number): string {
  return `${Math.floor(ratio * 100) / 100}:1`;
}

export type Pair = {
  text: ColourName;
  ground: ColourName;
  textColour: string;
  groundColour: string;
  ratio: number;
};

/** Every pair of a scheme with its ratio, by the colours that the shop sets and the theme's others. */
export function pairsOf(scheme: Scheme, own: SomeColours): Pair[] {
  const of = (name: ColourName) => own[name] ?? defaultColours[scheme][name];
  return textPairs.map(([text, ground]) => {
    const [textColour, groundColour] = [of(text), of(ground)];
    return { text, ground, textColour, groundColour, ratio: contrast(textColour, groundColour) };
  });
}

/** Pairs that cannot be read well, of those that the shop has a part in. */
export function pairsTooLow(scheme: Scheme, own: SomeColours): Pair[] {
  const isOwn = (name: ColourName) => own[name] !== undefined;
  return pairsOf(scheme, own).filter(
    ({ text, ground, ratio }) => ratio < contrastMin && (isOwn(text) || isOwn(ground)),
  );
}
