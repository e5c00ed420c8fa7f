import { spokenLanguage } from '@fairgate/shared/http/speaking.ts';
import { type Language, wantedLanguage } from '@fairgate/shared/words/languages.ts';
import type { Context } from 'hono';

/** What a shopper reads: as they ask for, else as they or their browser chose for the pages. */
export function languageWanted(c: Context, asked?: string): Language {
  return wantedLanguage(asked) ?? spokenLanguage(c);
}
