import { voiceOf } from '@fairgate/shared/words/voice.ts';

// Follows the "more" link of the catalogue as the shopper scrolls; without it, it is a link.

const voice = voiceOf(document.documentElement.lang, () => undefined);

const localTimes = (root: ParentNode) => {
  for (const time of root.querySelectorAll('time'))
    time.textContent = voice.dateTime(time.dateTime);
};

/** What the next page has goes to the end of its sections. */
const append = (page: Document) => {
  localTimes(page);
  for (const section of page.querySelectorAll('main section[id]')) {
    const own = document.getElementById(section.id);
    const items = [...section.querySelectorAll('li')];
    own?.querySelector('ul')?.append(...items);
    if (own && items.length > 0) own.hidden = false;
  }
};

const follow = (link: HTMLAnchorElement) => {
  const watch = new IntersectionObserver(
    async (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      try {
        const response = await fetch(link.href, { headers: { accept: 'text/html' } });
        if (!response.ok) return;
        const page = new DOMParser().parseFromString(await response.text(), 'text/html');
        append(page);
        const next = page.querySelector<HTMLAnchorElement>('#more');
        if (next) {
          link.href = next.href;
          follow(link);
        } else {
          link.closest('p')?.remove();
        }
      } catch {
        // The link is still there to be clicked.
      }
    },
    { rootMargin: '400px' },
  );
  watch.observe(link);
};

localTimes(document);
const more = document.querySelector<HTMLAnchorElement>('#more');
if (more) follow(more);
