import type { Phrase } from '@fairgate/shared/words/phrase.ts';
import { voiceOf } from '@fairgate/shared/words/voice.ts';
import type { CataloguePhraseKey } from '../phrases.ts';

// Follows the "more" link of the catalogue as the shopper scrolls, or presses it, and tells a
// screen reader what came; without it, it is a link.

const phrases: Partial<Record<string, Phrase>> = JSON.parse(
  document.getElementById('phrases')?.textContent || '{}',
);
const voice = voiceOf<CataloguePhraseKey>(document.documentElement.lang, (key) => phrases[key]);

const localTimes = (root: ParentNode) => {
  for (const time of root.querySelectorAll('time'))
    time.textContent = voice.dateTime(time.dateTime);
};

type Appended = { count: number; first: HTMLLIElement | undefined };

/** What the next page has goes to the end of its sections; `first`: of the last one that got any. */
const append = (page: Document): Appended => {
  localTimes(page);
  const appended: Appended = { count: 0, first: undefined };
  for (const section of page.querySelectorAll('main section[id]')) {
    const own = document.getElementById(section.id);
    const items = [...section.querySelectorAll('li')];
    if (!own || items.length === 0) continue;
    own.querySelector('ul')?.append(...items);
    own.hidden = false;
    appended.count += items.length;
    appended.first = items[0];
  }
  return appended;
};

const announce = (count: number, isLast: boolean) => {
  const region = document.getElementById('loaded');
  const shown = document.querySelectorAll('main section[id] li').length;
  const key = isLast ? 'catalogue.loadedAll' : 'catalogue.loaded';
  if (region) region.textContent = voice.say(key, { count, shown });
};

/** The footer is at hand for as long as the page grows away from it. */
const foot = document.querySelector('.foot');

const pageAt = async (address: string): Promise<Document | null> => {
  const response = await fetch(address, { headers: { accept: 'text/html' } });
  return response.ok ? new DOMParser().parseFromString(await response.text(), 'text/html') : null;
};

/** Whoever has the focus on it reads on at what came next to it, or else at the last sale. */
const dropLink = (link: HTMLAnchorElement, { first }: Appended) => {
  const next = first ?? [...document.querySelectorAll('main section[id] li')].pop();
  if (document.activeElement === link) next?.querySelector('a')?.focus();
  link.closest('p')?.remove();
};

const follow = (link: HTMLAnchorElement) => {
  let isLoading = false;
  const watch = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) void load();
    },
    { rootMargin: '400px' },
  );
  const load = async (): Promise<boolean> => {
    isLoading = true;
    watch.disconnect();
    const page = await pageAt(link.href).catch(() => null);
    isLoading = false;
    // The link is still there to be pressed.
    if (page === null) return false;
    const appended = append(page);
    const next = page.querySelector<HTMLAnchorElement>('#more');
    announce(appended.count, next === null);
    if (next) {
      link.href = next.href;
      watch.observe(link);
    } else {
      foot?.classList.remove('near');
      dropLink(link, appended);
    }
    return true;
  };
  link.addEventListener('click', async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (isLoading) return;
    if (!(await load())) location.assign(link.href);
  });
  foot?.classList.add('near');
  watch.observe(link);
};

localTimes(document);
const more = document.querySelector<HTMLAnchorElement>('#more');
if (more) follow(more);
