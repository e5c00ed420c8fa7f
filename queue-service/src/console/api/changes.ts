import { confirmThat } from '../parts/confirm.tsx';
import { complain, say } from '../parts/toasts.tsx';
import { settingsText } from './differences.ts';
import { type Framed, sendChange } from './sending.ts';
import type { LiveRoom, RoomSettings, Sale } from './shapes.ts';

type Patch = Partial<RoomSettings>;

/** Changes settings of a room, and says so with an undo, which sends the values from before. */
export async function changeRoom(framed: Framed, patch: Patch): Promise<void> {
  const { sale, reload } = framed;
  const before = settingsIn(sale.room, patch);
  const what = `Set ${settingsText(patch)}`;
  const change = { method: 'PATCH', part: '/room', body: patch, what } as const;
  try {
    const made = await sendChange<Pick<LiveRoom, 'settings'>>(framed, change);
    if (made !== null) {
      const now = { sale: { ...sale, room: made.data.settings }, etag: made.etag, reload };
      say(`${sale.name}: ${settingsText(patch)}.`, () => void changeRoom(now, before));
    }
  } catch (error) {
    complain(error);
  }
  reload();
}

function settingsIn(room: RoomSettings, patch: Patch): Patch {
  const names = Object.keys(patch);
  // What was unset is taken away again by null, as the API has it.
  return Object.fromEntries(names.map((name) => [name, Reflect.get(room, name) ?? null]));
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
  const { sale, reload } = framed;
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
    const change = { method: 'POST', part: `/${action}`, body, what: word } as const;
    const made = await sendChange<Sale>(framed, change);
    if (made !== null) {
      const next = { sale: made.data, etag: made.etag, reload };
      say(`${sale.name} ${done}.`, back === undefined ? null : () => void actOn(next, back));
    }
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
