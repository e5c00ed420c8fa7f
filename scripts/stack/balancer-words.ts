import { directionOf, languages } from '@fairgate/shared/words/languages.ts';
import { type Speech, speechIn } from '@fairgate/shared/words/speech.ts';

/** What the balancer's own pages say (deploy/nginx/parts/pages.conf), by the variable that says it. */
const said: Record<string, (speech: Speech) => string> = {
  told_direction: ({ language }) => directionOf(language),
  told_away_title: (speech) => speech.say('trouble.awayTitle'),
  told_away: (speech) => speech.say('mistake.away'),
  told_limited_title: (speech) => speech.say('trouble.limitedTitle'),
  told_limited: (speech) => speech.say('trouble.limited'),
  told_resend: (speech) => speech.say('trouble.resend'),
  told_again: (speech) => speech.say('common.tryAgain'),
  told_sales: (speech) => speech.say('common.allSales'),
  told_request: (speech) => speech.say('common.request', { id: '$own_request_id' }),
};

const header = `# Made of shared/src/words by scripts/stack/balancer-words.ts; where its test finds it old:
#   npm test -- balancer-words -u
`;

/** deploy/nginx/parts/words.conf: the language of a refusal, and what is said in it. */
export function balancerWords(): string {
  const maps = Object.entries(said).map(([name, say]) => {
    const lines = languages.map(
      (language) => `  ${language} "${escaped(say(speechIn(language)))}";`,
    );
    return block(`map $told_language $${name}`, lines);
  });
  return [header, languageMap(), ...maps].join('\n');
}

/**
 * As the switch of the pages has chosen, or the first of the browser's that is ours and not refused
 * by `q=0`. Other weights are not looked at: browsers name languages in their order.
 */
function languageMap(): string {
  const wanted = (language: string) =>
    `\\s*${language}\\b(?![^,]*;\\s*q=0(?:\\.0*)?\\s*(?:[,;]|$))`;
  const others = `^(?:(?!${wanted(`(?:${languages.join('|')})`)})[^,]*,)*`;
  const lines = languages.map((language) => `  "~*${others}${wanted(language)}" ${language};`);
  return block('map "$cookie_fg_lang,$http_accept_language" $told_language', [
    '  default en;',
    ...lines,
  ]);
}

const block = (head: string, lines: string[]) => `${head} {\n${lines.join('\n')}\n}\n`;

/** For HTML; no quote or backslash is left that nginx would read. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\\', '&#92;');
}
