// Follows the "more" link of the catalogue as the shopper scrolls; without it, it is a link.

const list = document.getElementById('sales');

const localTimes = (root) => {
  for (const time of root.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  }
};

const follow = (link) => {
  const watch = new IntersectionObserver(async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    try {
      const response = await fetch(link.href, { headers: { accept: 'text/html' } });
      if (!response.ok) return;
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      localTimes(page);
      list.append(...page.querySelectorAll('#sales > li'));
      const next = page.getElementById('more');
      if (next) {
        link.href = next.href;
        follow(link);
      } else {
        link.closest('p').remove();
      }
    } catch {
      // The link is still there to be clicked.
    }
  });
  watch.observe(link);
};

localTimes(document);
const more = document.getElementById('more');
if (list && more) follow(more);
