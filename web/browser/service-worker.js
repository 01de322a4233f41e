/*
 * Keeps the app's shell: styles, scripts, pictures and the page that says that there is no connection. It never keeps
 * a page that a person was shown: those are asked for anew each time, and where they cannot be had it says so.
 */
const shell = /* the shell */ { name: '', addresses: [], offline: '' };

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(shell.name)
      // Asked for as nobody: what is kept must be what everybody would be shown.
      .then((cache) =>
        cache.addAll(shell.addresses.map((address) => new Request(address, { credentials: 'omit' }))),
      )
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(names.filter((name) => name !== shell.name).map((name) => caches.delete(name))),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(() => caches.match(shell.offline)));
    return;
  }
  if (shell.addresses.includes(pathname)) {
    event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(request)));
  }
});
