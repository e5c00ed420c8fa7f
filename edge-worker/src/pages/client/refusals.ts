import { trouble as ar } from '@fairgate/shared/words/ar.json';
import { trouble as de } from '@fairgate/shared/words/de.json';
import { trouble as en } from '@fairgate/shared/words/en.json';
import { trouble as es } from '@fairgate/shared/words/es.json';
import { trouble as fr } from '@fairgate/shared/words/fr.json';
import { trouble as hi } from '@fairgate/shared/words/hi.json';
import { trouble as ja } from '@fairgate/shared/words/ja.json';
import { trouble as ko } from '@fairgate/shared/words/ko.json';
import { trouble as pt } from '@fairgate/shared/words/pt.json';
import { troubleOf } from '@fairgate/shared/words/trouble.ts';
import { trouble as zh } from '@fairgate/shared/words/zh.json';
import type { Problem } from './calls.ts';
import { language, voice } from './room.ts';

// What is told of a refusal, in every language: a script of its own, as most shoppers meet none.

const texts: Record<string, Record<string, string>> = {
  ar,
  de,
  en,
  es,
  fr,
  hi,
  ja,
  ko,
  pt,
  zh,
};

export const slugOf = (body: Problem | null): string => (body?.type ?? '').split(':').pop() ?? '';

/** Of a problem document; null, or none: something of ours does not answer. */
export const refusalText = (body: Problem | null): string => {
  const { text } = troubleOf({
    slug: slugOf(body) || 'unavailable',
    reason: body?.reason,
    path: body?.errors?.[0]?.path,
  });
  if (text === 'join.needsScript' || text === 'place.doneText') return voice.say(text);
  return (texts[language] ?? en)[text.split('.')[1] ?? ''] ?? '';
};

export const signInText = (): string => (texts[language] ?? en).signIn ?? '';
