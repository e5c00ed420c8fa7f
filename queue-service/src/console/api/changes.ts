import { confirmThat } from '../parts/confirm.tsx';
import { complain, say } from '../parts/toasts.tsx';
import { count } from '../parts/words.ts';
import { ApiProblem, ask, get } from './client.ts';
import type { RoomSettings, Sale } from './shapes.ts';

/** A sale as it was read, with its version. */
export type Framed = { sale: Sale; etag: string | null; reload(): void };

type Patch = Partial<RoomSettings>;

/**
 * Changes settings of a room, and says so with an undo. Where somebody else was faster, says what
 * they changed, and asks again.
 */
export async function changeRoom({ sale, etag, reload }: Framed, patch: Patch): Promise<void> {
  const before = settingsIn(sale.room, patch);
  try {
    const made = await patchRoom(sale.id, patch, etag);
    const undo = () => void changeRoom({ sale: made.sale, etag: made.etag, reload }, before);
    say(`${sale.name}: ${settingsText(patch)}.`, undo);
    reload();
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 412) return complain(error);
    await sendAgain({ sale, etag, reload }, patch);
  }
}

async function sendAgain({ sale, reload }: Framed, patch: Patch): Promise<void> {
  const fresh = await get<Sale>(`/v1/sales/${sale.id}`);
  const theirs = Object.entries(fresh.data.room).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(sale.room, name)),
  );
  const changed = settingsText(Object.fromEntries(theirs)) || 'something else of the sale';
  const yes = await confirmThat({
    title: 'Somebody else changed this sale meanwhile',
    text: `They set: ${changed}. Set ${settingsText(patch)} all the same?`,
    action: 'Set it',
  });
  reload();
  if (yes) await changeRoom({ sale: fresh.data, etag: fresh.etag, reload }, patch);
}

async function patchRoom(id: string, patch: Patch, etag: string | null) {
  await ask('PATCH', `/v1/sales/${id}/room`, { body: patch, etag });
  const { data, etag: now } = await get<Sale>(`/v1/sales/${id}`);
  return { sale: data, etag: now };
}

function settingsIn(room: RoomSettings, patch: Patch): Patch {
  const names = Object.keys(patch);
  // What was unset is taken away again by null, as the API has it.
  return Object.fromEntries(names.map((name) => [name, Reflect.get(room, name) ?? null]));
}

const settingWords: Record<string, string> = {
  admitPerMinute: 'rate',
  maxActive: 'active at most',
  tokenSeconds: 'time to begin',
  paySeconds: 'time to pay',
  message: 'message',
};

export function settingsText(patch: object): string {
  return Object.entries(patch)
    .map(([name, value]) => `${settingWords[name] ?? name} ${valueText(value)}`)
    .join(', ');
}

function valueText(value: unknown): string {
  if (typeof value === 'number') return count(value);
  if (typeof value === 'string') return value === '' ? 'removed' : `“${value}”`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export type Action = 'publish' | 'open' | 'pause' | 'resume' | 'close';

type Words = { action: string; text: string; done: string };

const actions: Record<Action, Words> = {
  publish: {
    action: 'Publish',
    text: 'Everybody can see it then. It opens by itself at its start, at once where that has passed.',
    done: 'is published',
  },
  open: {
    action: 'Open now',
    text: 'Whoever waits is let in from now on, by the rate that is set, though the start has not come.',
    done: 'is open',
  },
  pause: {
    action: 'Pause',
    text: 'Nobody more is let in. Whoever is in buys on, and whoever waits keeps their place.',
    done: 'is paused: nobody more is let in',
  },
  resume: { action: 'Resume', text: 'People are let in again.', done: 'goes on' },
  close: {
    action: 'Close',
    text: 'It ends for good: nobody joins or is let in any more. Tokens and orders live to their own deadlines. This cannot be undone.',
    done: 'is closed',
  },
};
/** What takes an action back; the others cannot be. */
const undoing: Partial<Record<Action, Action>> = { pause: 'resume', resume: 'pause' };

export const actionWord = (action: Action) => actions[action].action;

/** Moves a sale: a pause and its end at once with an undo, the others after a question. */
export async function actOn(framed: Framed, action: Action): Promise<void> {
  const { sale, etag, reload } = framed;
  const back = undoing[action];
  const { text, action: word, done } = actions[action];
  if (back === undefined) {
    const isDangerous = action === 'close';
    const name = isDangerous ? { name: sale.name } : {};
    const title = `${word}: ${sale.name}`;
    if (!(await confirmThat({ title, text, action: word, isDangerous, ...name }))) return;
  }
  const body = action === 'close' ? { confirm: sale.name } : {};
  try {
    const made = await ask<Sale>('POST', `/v1/sales/${sale.id}/${action}`, { body, etag });
    const next = { sale: made.data, etag: made.etag, reload };
    const undo = back === undefined ? null : () => void actOn(next, back);
    say(`${sale.name} ${done}.`, undo);
  } catch (error) {
    complain(error);
  }
  reload();
}

/** What may be done with a sale in a state. */
export function actionsIn(state: Sale['state']): Action[] {
  switch (state) {
    case 'draft':
      return ['publish'];
    case 'scheduled':
      return ['open', 'close'];
    case 'lobby':
      return ['open', 'pause', 'close'];
    case 'open':
    case 'sold_out':
      return ['pause', 'close'];
    case 'paused':
      return ['resume', 'close'];
    case 'closed':
      return [];
  }
}
