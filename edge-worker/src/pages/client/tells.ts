import { call } from './calls.ts';
import {
  language,
  mailedKey,
  parts,
  remember,
  remembered,
  room,
  saleId,
  saleName,
  type TellName,
  tellKey,
  tellNames,
  told,
  voice,
} from './room.ts';

// How a shopper is told when they look elsewhere: each way is asked for, and kept for the next page.
// A script of its own, which the page loads once somebody opens the panel, or has chosen before.

const wants = (name: TellName) => remembered(tellKey(name)) === 'yes';

const can: Record<TellName, () => boolean> = {
  sound: () => 'AudioContext' in window,
  vibrate: () => 'vibrate' in navigator && matchMedia('(pointer: coarse)').matches,
  notify: () => 'Notification' in window,
  awake: () => 'wakeLock' in navigator,
  push: () => parts.vapidKey !== null && 'serviceWorker' in navigator && 'PushManager' in window,
};

const note = (text: string) => {
  const status = document.getElementById('told');
  if (status) status.textContent = text;
};

let audio: AudioContext | undefined;

/** Browsers let a page sound only after the shopper has done something on it. */
const unlockSound = () => {
  audio ??= new AudioContext();
  void audio.resume();
};

const tone = (at: number, pitch: number) => {
  if (!audio) return;
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.frequency.value = pitch;
  volume.gain.setValueAtTime(0.25, at);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.5);
};

const sound = () => {
  unlockSound();
  const now = audio?.currentTime ?? 0;
  for (const [i, pitch] of [660, 880, 1_100].entries()) tone(now + i * 0.25, pitch);
};

let lock: WakeLockSentinel | undefined;

/** The screen stays on while this page is looked at; a hidden page loses it, and asks again. */
export const keepAwake = async (): Promise<void> => {
  if (!wants('awake') || document.hidden || (lock && !lock.released)) return;
  lock = await navigator.wakeLock?.request('screen').catch(() => undefined);
};

const isAllowed = async () =>
  Notification.permission === 'granted' || (await Notification.requestPermission()) === 'granted';

const keyBytes = (text: string) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
    letter.charCodeAt(0),
  );

const sendNotices = async (json: object) => {
  const headers = { 'content-type': 'application/json' };
  const { response } = await call('/place/notices', {
    method: 'PUT',
    headers,
    body: JSON.stringify({ language, ...json }),
  });
  return response.ok;
};

/** Of which place push messages were asked for: its own number. */
const sentFor = `fairgate-push-${saleId}`;

const subscribe = async () => {
  if (!(await isAllowed())) return false;
  const worker = await navigator.serviceWorker.register('/notify.js');
  await navigator.serviceWorker.ready;
  const pushSubscription = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: keyBytes(parts.vapidKey ?? ''),
  });
  const number = told('number');
  const isKept = await sendNotices({ pushSubscription: pushSubscription.toJSON() });
  if (isKept) remember(sentFor, number);
  return isKept;
};

/** Of this place alone: the browser's subscription may be another sale's too. */
const unsubscribe = async () => await sendNotices({ pushSubscription: null });

/** In line with a place that is another than the one a wish was sent for. */
const isAnother = (sent: string | null) =>
  ['lobby', 'waiting'].includes(told('place')) && told('number') !== '' && sent !== told('number');

/** A place that was joined anew is another one, and is told of by its own wish. */
const subscribeAgain = async () => {
  if (wants('push') && isAnother(remembered(sentFor))) await subscribe();
};

/** The same by mail: the address is kept where the mails are written, for as long as nobody has left. */
const mailAgain = async () => {
  const [number, mailed] = [told('number'), remembered(mailedKey)];
  if (mailed && isAnother(mailed) && (await sendNotices({}))) remember(mailedKey, number);
};

/** Each tab waits for the others, and then sends only what none of them has sent. */
const inTurn = async (name: string, send: () => Promise<void>) => {
  if ('locks' in navigator) await navigator.locks.request(name, send);
  else await send();
};

/** What switching it on or off takes; false where the browser, or the shopper, does not allow it. */
const turned: Record<TellName, (isOn: boolean) => boolean | Promise<boolean>> = {
  sound: (isOn) => {
    if (isOn) sound();
    return true;
  },
  vibrate: (isOn) => !isOn || navigator.vibrate(200),
  notify: async (isOn) => {
    if (!isOn) return true;
    // On phones only a service worker may show one.
    void navigator.serviceWorker?.register('/notify.js').catch(() => undefined);
    return await isAllowed();
  },
  awake: async (isOn) => {
    if (!isOn) await lock?.release();
    return true;
  },
  push: (isOn) => (isOn ? subscribe() : unsubscribe()),
};

const turn = async (name: TellName, box: HTMLInputElement) => {
  note('');
  const isDone = await Promise.resolve(turned[name](box.checked)).catch(() => false);
  if (!isDone) {
    box.checked = false;
    note(voice.say('tell.denied'));
  }
  remember(tellKey(name), box.checked ? 'yes' : 'no');
  if (name === 'awake' && box.checked) await keepAwake();
};

/** Saves an address to write to; an empty field takes it back. */
export const saveEmail = async (form: HTMLFormElement): Promise<void> => {
  const email = `${new FormData(form).get('email') ?? ''}`.trim();
  const number = told('number');
  const isSaved = await sendNotices({ email: email === '' ? null : email });
  if (isSaved) remember(mailedKey, email === '' ? '' : number || 'yes');
  if (isSaved && email === '') return note('');
  note(voice.say(isSaved ? 'tell.emailSaved' : 'live.failed'));
};

const dressed = new WeakSet<HTMLInputElement>();

/** Shows what this browser can do, as it was chosen before. */
export const dressTells = (): void => {
  for (const name of tellNames) {
    const item = room().querySelector<HTMLElement>(`[data-tell="${name}"]`);
    const box = item?.querySelector('input');
    if (!item || !box || dressed.has(box) || !can[name]()) continue;
    dressed.add(box);
    item.hidden = false;
    box.checked = wants(name);
    box.addEventListener('change', () => void turn(name, box));
  }
  const email = room().querySelector<HTMLElement>('form[data-form="email"]');
  if (email) email.hidden = false;
  if (wants('sound')) {
    for (const kind of ['click', 'keydown']) addEventListener(kind, unlockSound, { once: true });
  }
  void inTurn(sentFor, subscribeAgain).catch(() => undefined);
  void inTurn(mailedKey, mailAgain).catch(() => undefined);
  void keepAwake();
};

/** Tells by every way that was asked for. */
export const tellTurn = (): void => {
  const shownAs = {
    body: voice.say('live.turn'),
    tag: `fairgate-${saleId}`,
    lang: language,
    dir: document.documentElement.dir as 'ltr' | 'rtl',
  };
  if (wants('sound') && can.sound()) sound();
  if (wants('vibrate') && can.vibrate()) navigator.vibrate([200, 100, 200, 100, 400]);
  if (!wants('notify') || !can.notify() || Notification.permission !== 'granted') return;
  // Whoever looks at the page sees it there.
  if (!document.hidden) return;
  try {
    const shown = new Notification(saleName, shownAs);
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
  } catch {
    void navigator.serviceWorker
      ?.getRegistration('/notify.js')
      .then((worker) =>
        worker?.showNotification(saleName, { ...shownAs, data: { url: location.pathname } }),
      );
  }
};
