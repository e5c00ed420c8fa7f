import { mailedKey, parts, remembered, room, tellKey, tellNames } from './room.ts';
import type * as Tells from './tells.ts';

// The ways of telling are a script of their own: most shoppers wait without them.

let tells: typeof Tells | undefined;

const load = async (): Promise<typeof Tells> => {
  tells ??= (await import(parts.tells)) as typeof Tells;
  return tells;
};

const isChosen = () =>
  !!remembered(mailedKey) || tellNames.some((name) => remembered(tellKey(name)) === 'yes');

const dress = () =>
  void load().then(
    (loaded) => loaded.dressTells(),
    () => undefined,
  );

/** Of a fresh page: what was chosen goes on; the panel is dressed when it is opened. */
export const prepareTells = (): void => {
  const panel = room().querySelector<HTMLDetailsElement>('#tell');
  if (isChosen() || panel?.open) dress();
  // Each time: what could not be loaded once may come at the next.
  else panel?.addEventListener('toggle', dress);
};

/** Tells by every way that was asked for. */
export const tellTurn = (): void => {
  if (isChosen()) void load().then((loaded) => loaded.tellTurn());
};

export const saveEmail = async (form: HTMLFormElement): Promise<void> =>
  await (await load()).saveEmail(form);

/** A hidden page loses the lock of the screen, and asks again when it is looked at. */
export const keepAwake = (): void => void tells?.keepAwake();
