// The tab's icon tells the place, so that one sees it while reading another page.

const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
let shown = '';

const escaped = (text: string) => text.replace(/[<&"]/g, '');

/** Up to three letters on a round ground. */
export const showEmblem = (text: string, isTurn: boolean): void => {
  const key = `${text} ${isTurn}`;
  if (!icon || key === shown) return;
  shown = key;
  const size = text.length > 2 ? 12 : 18;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="${isTurn ? '#17703d' : '#2b5bd7'}"/>` +
    `<text x="16" y="17" font-family="system-ui,sans-serif" font-weight="700" font-size="${size}" fill="#fff" text-anchor="middle" dominant-baseline="central">${escaped(text)}</text></svg>`;
  icon.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
};

/** `12`, `4k`, `1M`: what fits on an icon. */
export const emblemNumber = (count: number): string => {
  if (count < 1_000) return `${count}`;
  return count < 1_000_000 ? `${Math.floor(count / 1_000)}k` : `${Math.floor(count / 1_000_000)}M`;
};
