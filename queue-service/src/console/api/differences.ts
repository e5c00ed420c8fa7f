import { count, stateWord, when } from '../parts/words.ts';

type Fields = Readonly<Record<string, unknown>>;

const fieldWords: Record<string, string> = {
  admitPerMinute: 'rate',
  maxActive: 'active at most',
  tokenSeconds: 'time to begin',
  paySeconds: 'time to pay',
  startsAt: 'start',
  endsAt: 'end',
  productIds: 'products',
};

/** What is otherwise in `now`, the room's settings one by one: `rate 300, state Paused`. */
export function changedText(before: Fields, now: Fields): string {
  return changes(before, now).join(', ');
}

function changes(before: Fields, now: Fields): string[] {
  return Object.keys({ ...before, ...now }).flatMap((name) => {
    const [was, is] = [before[name], now[name]];
    // These follow from the others.
    if (name === 'updatedAt' || name === 'warnings') return [];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    return name === 'room' ? changes(fields(was), fields(is)) : [fieldText(name, is)];
  });
}

/** Settings as people read them: `rate 300, message “Soon”`. */
export function settingsText(patch: object): string {
  return Object.entries(patch)
    .map(([name, value]) => fieldText(name, value))
    .join(', ');
}

function fieldText(name: string, value: unknown): string {
  const shown = name === 'state' ? stateWord(String(value)) : valueText(value);
  return `${fieldWords[name] ?? name} ${shown}`;
}

function valueText(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'removed';
  if (typeof value === 'number') return count(value);
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? when(value) : `“${value}”`;
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
