// Solves what a sale asks for before it lets somebody join or take their token: loaded by the page
// of such a sale alone. ALTCHA's proof of work runs in a Web Worker; Turnstile brings its own widget.

const turnstileScript = 'https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit';

const box = (text) => {
  const section = document.createElement('section');
  section.className = 'card place';
  section.id = 'check';
  const words = document.createElement('p');
  words.setAttribute('role', 'status');
  section.append(words);
  // Outside of what the page fetches anew, and where whoever has pressed the button looks.
  document.getElementById('room').before(section);
  // A live region is read when its text changes, not when it comes with one.
  words.textContent = text;
  section.scrollIntoView({ block: 'nearest' });
  return section;
};

const work = async (challenge, section) => {
  const progress = document.createElement('progress');
  progress.max = challenge.maxnumber;
  progress.setAttribute('aria-label', 'Progress of the check');
  section.append(progress);
  const worker = new Worker('./pow.js');
  try {
    const number = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if (data.tried !== undefined) progress.value = data.tried;
        else if (data.number !== null) resolve(data.number);
        else reject(new Error('The challenge has no solution.'));
      };
      worker.onerror = reject;
      worker.postMessage(challenge);
    });
    const { algorithm, challenge: hash, salt, signature } = challenge;
    return btoa(JSON.stringify({ algorithm, challenge: hash, number, salt, signature }));
  } finally {
    worker.terminate();
  }
};

const loaded = (src) =>
  new Promise((resolve, reject) => {
    if (window.turnstile) return resolve();
    // A page that was opened before the sale used it has a policy that bars it: come again with the new.
    document.addEventListener('securitypolicyviolation', () => location.reload(), { once: true });
    const script = document.createElement('script');
    script.src = src;
    script.onload = resolve;
    script.onerror = () => reject(new Error('The check could not be loaded.'));
    document.head.append(script);
  });

const widget = async ({ siteKey, cData }, step, section) => {
  await loaded(turnstileScript);
  const place = document.createElement('div');
  section.append(place);
  let id;
  try {
    return await new Promise((resolve, reject) => {
      const fail = () => {
        reject(new Error('The check failed.'));
        return true;
      };
      id = window.turnstile.render(place, {
        sitekey: siteKey,
        action: step,
        cData,
        callback: resolve,
        'error-callback': fail,
        'unsupported-callback': fail,
      });
    });
  } finally {
    if (id !== undefined) window.turnstile.remove(id);
  }
};

/** What goes into the body of the call; nothing where the sale asks for no challenge any more. */
export const solve = async (saleId, step) => {
  const response = await fetch(`/api/sales/${saleId}/challenge`);
  if (response.status === 204) return {};
  if (!response.ok) throw new Error('There is no challenge to be had.');
  const challenge = await response.json();
  const section = box('Checking your browser. This takes a few seconds; you need not do anything.');
  try {
    const solved =
      challenge.kind === 'turnstile'
        ? await widget(challenge, step, section)
        : await work(challenge, section);
    return { challenge: solved };
  } finally {
    section.remove();
  }
};
