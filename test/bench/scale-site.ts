import { createSite } from "../site.ts";

// Websites of several hosts in a process of its own: each an address of this machine, with pages of its own.
const [minBytes, maxBytes, ...pagesOfHosts] = process.argv.slice(2).map(Number);
const answers = new Map<string, Uint8Array<ArrayBuffer>>();
const names = pagesOfHosts.map((_, n) => `127.0.1.${n + 1}`);
for (const [n, name] of names.entries()) {
  const site = createSite({ pages: pagesOfHosts[n] ?? 0, minBytes, maxBytes, seed: n + 1 });
  // Made beforehand, so that an answer costs next to nothing.
  for (let page = 0; page < site.pages; page++)
    answers.set(name + site.path(page), new TextEncoder().encode(site.page(page)));
}

const server = Bun.serve({
  hostname: "0.0.0.0",
  port: 0,
  fetch(request) {
    const { hostname, pathname } = new URL(request.url);
    const body = answers.get(hostname + pathname);
    if (!body) return new Response(null, { status: 404 });
    return new Response(body, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
});
process.send?.({ origins: names.map((name) => `http://${name}:${server.port}`) });
process.on("disconnect", () => process.exit());
