import { afterEach, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delay, redirectTo, refuse, stall } from "./site/answers.ts";
import { createSite, type ServedSite } from "./site.ts";

const served: ServedSite[] = [];
afterEach(async () => {
  for (const site of served.splice(0)) await site.stop();
});

function serve(...[options]: Parameters<ReturnType<typeof createSite>["serve"]>) {
  const site = createSite({ pages: 60, seed: 7 });
  const running = site.serve(options);
  served.push(running);
  return { site, running };
}

test("the same shape makes the same pages, and another seed makes others", () => {
  const first = createSite({ pages: 500, seed: 3 });
  const again = createSite({ pages: 500, seed: 3 });
  again.page(9);

  expect(again.page(321)).toBe(first.page(321));
  expect(createSite({ pages: 500, seed: 4 }).page(321)).not.toBe(first.page(321));
});

test("pages keep to the sizes asked for and link to 60 to 120 others", () => {
  const site = createSite({ pages: 2_000, minBytes: 12_000, maxBytes: 40_000 });

  for (let n = 0; n < 2_000; n += 13) {
    const page = site.page(n);
    const links = page.split("<a ").length - 1;

    expect(Buffer.byteLength(page)).toBeWithin(10_000, 40_001);
    expect(links).toBeWithin(60, 121);
  }
});

test("every page is reached from the first by links alone", async () => {
  const { site, running } = serve();
  const seen = new Set(["/"]);

  for (const path of seen) {
    const html = await (await fetch(running.origin + path)).text();
    for (const [, href] of html.matchAll(/href="(\/(?:docs[^"#]*)?)/g)) seen.add(href!);
  }

  expect([...seen].sort()).toEqual(Array.from({ length: 60 }, (_, n) => site.path(n)).sort());
  expect(running.requests.size).toBe(60);
});

test("a page is not sent again to one who has it, until it is revised", async () => {
  const { site, running } = serve();
  const url = running.origin + site.path(17);
  const first = await fetch(url);
  const headers = { "if-none-match": first.headers.get("etag") ?? "" };

  expect((await fetch(url, { headers })).status).toBe(304);
  site.revise(17);
  const revised = await fetch(url, { headers });

  expect(revised.status).toBe(200);
  expect(await revised.text()).toContain("Revision 2 of page 17.");
  expect(running.requests.get(site.path(17))).toBe(3);
});

test("paths the site does not have are 404, whatever number they end in", async () => {
  const { running } = serve();

  for (const path of ["/docs/", "/docs/start/anything-5.html", "/docs/start/anything-60.html", "/robots.txt"])
    expect((await fetch(running.origin + path)).status).toBe(404);
});

test("answers stand in for pages by path and visit", async () => {
  const { site, running } = serve({
    answers: {
      "/moved": redirectTo("/"),
      [site5]: refuse(429, { retryAfter: "1" }),
      "/wait": stall(),
    },
  });

  const moved = await fetch(`${running.origin}/moved`, { redirect: "manual" });
  const refused = await fetch(running.origin + site5);
  const granted = await fetch(running.origin + site5);

  expect([moved.status, moved.headers.get("location")]).toEqual([302, "/"]);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await granted.text()).toBe(site.page(5));
  await expect(
    fetch(`${running.origin}/wait`, { signal: AbortSignal.timeout(50) }).then((response) => response.text()),
  ).rejects.toThrow();
});

const site5 = createSite({ pages: 60, seed: 7 }).path(5);

test("requests and their overlap are counted by host", async () => {
  const { running } = serve({ answers: { "/": delay(20) }, latencyMs: 5 });
  const host = `127.0.0.1:${running.port}`;

  await Promise.all(Array.from({ length: 3 }, () => fetch(`${running.origin}/`)));

  expect(running.hosts.get(host)).toEqual({ requests: 3, open: 0, mostOpen: 3 });
});

test("a sitemap lists all pages when it is asked for", async () => {
  const { site, running } = serve({ hasSitemap: true, robots: "User-agent: *\nDisallow: /private\n" });

  const sitemap = await (await fetch(`${running.origin}/sitemap.xml`)).text();

  expect(sitemap.split("<loc>")).toHaveLength(61);
  expect(sitemap).toContain(`<loc>${running.origin}${site.path(59)}</loc>`);
  expect(await (await fetch(`${running.origin}/robots.txt`)).text()).toContain("Disallow: /private");
});

test("a written site has a file for every page", async () => {
  const folder = await mkdtemp(join(tmpdir(), "orbweaver-site-"));
  const site = createSite({ pages: 45 });

  await site.writeTo(folder);

  expect(await readFile(join(folder, "index.html"), "utf8")).toBe(site.page(0));
  expect(await readFile(join(folder, site.path(40), "index.html"), "utf8")).toBe(site.page(40));
  expect(await readFile(join(folder, site.path(44)), "utf8")).toBe(site.page(44));
  await rm(folder, { recursive: true });
});
