// Solves what a sale asks for before it lets somebody join or take their token: loaded by the page
// of such a sale alone. ALTCHA's proof of work runs in a Web Worker; Turnstile brings its own widget.

/** What the page lends: its words, and where the worker is. */
export type Loan = {
  saleId: string;
  step: string;
  pow: string;
  checking: string;
  progress: string;
  /** Ends a challenge that does not come. */
  signal: AbortSignal;
};
export type Solved = { challenge?: string };

type Work = {
  algorithm: string;
  challenge: string;
  maxnumber: number;
  salt: string;
  signature: string;
};
type Widget = { kind: 'turnstile'; siteKey: string; cData: string };

type Turnstile = {
  render(place: HTMLElement, options: Record<string, unknown>): string | undefined;
  remove(id: string): void;
};
declare global {
  interface Window {
    turnstile?: Turnstile;
  }
}

const turnstileScript = 'https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit';

const box = (text: string): HTMLElement => {
  const section = document.createElement('section');
  section.className = 'card place';
  section.id = 'check';
  const words = document.createElement('p');
  words.setAttribute('role', 'status');
  section.append(words);
  // Outside of what the page fetches anew, and where whoever has pressed the button looks.
  document.getElementById('room')?.before(section);
  // A live region is read when its text changes, not when it comes with one.
  words.textContent = text;
  section.scrollIntoView({ block: 'nearest' });
  return section;
};

const work = async (given: Work, section: HTMLElement, { pow, progress: label }: Loan) => {
  const progress = document.createElement('progress');
  progress.max = given.maxnumber;
  progress.setAttribute('aria-label', label);
  section.append(progress);
  const worker = new Worker(pow);
  try {
    const number = await new Promise<number>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<{ tried?: number; number?: number | null }>) => {
        if (data.tried !== undefined) progress.value = data.tried;
        else if (typeof data.number === 'number') resolve(data.number);
        else reject(new Error('The challenge has no solution.'));
      };
      worker.onerror = reject;
      worker.postMessage(given);
    });
    const { algorithm, challenge, salt, signature } = given;
    return btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
  } finally {
    worker.terminate();
  }
};

const turnstile = (): Promise<Turnstile> =>
  new Promise((resolve, reject) => {
    if (window.turnstile) return resolve(window.turnstile);
    // A page that was opened before the sale used it has a policy that bars it: come again with the new.
    document.addEventListener('securitypolicyviolation', () => location.reload(), { once: true });
    const script = document.createElement('script');
    script.src = turnstileScript;
    const fail = () => reject(new Error('The check could not be loaded.'));
    script.onload = () => (window.turnstile ? resolve(window.turnstile) : fail());
    script.onerror = fail;
    document.head.append(script);
  });

const widget = async ({ siteKey, cData }: Widget, section: HTMLElement, { step }: Loan) => {
  const there = await turnstile();
  const place = document.createElement('div');
  section.append(place);
  let id: string | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      const fail = () => {
        reject(new Error('The check failed.'));
        return true;
      };
      id = there.render(place, {
        sitekey: siteKey,
        action: step,
        cData,
        language: document.documentElement.lang,
        callback: resolve,
        'error-callback': fail,
        'unsupported-callback': fail,
      });
    });
  } finally {
    if (id !== undefined) there.remove(id);
  }
};

/** What goes into the body of the call; nothing where the sale asks for no challenge any more. */
export const solve = async (loan: Loan): Promise<Solved> => {
  const response = await fetch(`/api/sales/${loan.saleId}/challenge`);
  if (response.status === 204) return {};
  if (!response.ok) throw new Error('There is no challenge to be had.');
  const given: Work | Widget = await response.json();
  const section = box(loan.checking);
  try {
    const challenge =
      'kind' in given ? await widget(given, section, loan) : await work(given, section, loan);
    return { challenge };
  } finally {
    section.remove();
  }
};
