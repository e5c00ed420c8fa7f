// The service worker: shows what a push message says, and opens the page that it is about. It
// keeps nothing and fetches nothing, so no page is ever older or slower by it.

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('push', (event) => {
  const { kind, title, body, url, tag, lang, dir } = event.data?.json() ?? {};
  if (typeof title !== 'string') return;
  // The same tag replaces what was shown before, and rings again.
  const manner = { tag, renotify: true, requireInteraction: kind === 'your-turn', lang, dir };
  event.waitUntil(self.registration.showNotification(title, { body, data: { url }, ...manner }));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data?.url ?? '/'));
});

const show = async (path) => {
  const url = new URL(path, self.location.origin);
  if (url.origin !== self.location.origin) return;
  const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = open.find((client) => new URL(client.url).pathname === url.pathname);
  await (page ? page.focus() : self.clients.openWindow(url.href));
};
