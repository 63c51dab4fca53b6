// Keeps a kiosk's page and its files on the device, for when the network is away. Answers are not
// its business: the page keeps and sends those.

const SHELF = "ec-kiosk-1";
const isOurs = (url) =>
  url.origin === location.origin && (/^\/k\/[\w-]+$/.test(url.pathname) || url.pathname.startsWith("/static/capture/"));

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));

const fresh = async (request) => {
  const shelf = await caches.open(SHELF);
  try {
    const reply = await fetch(request);
    if (reply.ok && !reply.redirected) await shelf.put(request, reply.clone());
    return reply;
  } catch (error) {
    const kept = await shelf.match(request, { ignoreSearch: request.mode === "navigate" });
    if (kept) return kept;
    throw error;
  }
};

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method === "GET" && isOurs(url)) event.respondWith(fresh(event.request));
});
