import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { createKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import type { Viewer } from "../../src/access/viewer.ts";
import type { Store } from "../../src/db/db.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { readFeed } from "../../src/notify/feed.ts";
import { type NewChange, recordChanges } from "../../src/notify/record-changes.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { createManualClock } from "../manual-clock.ts";
import { storePage } from "../pages/stored-pages.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

const HOSTILE = 'A <b>"title"</b> & ]]> \u0007\u000b\ufffe 🕷';
const PUBLIC_URL = "https://orbweaver.example.com/prefix";
const at = (minute: number) => new Date(Date.UTC(2026, 0, 31, 12, minute));

describe.each(testStores)("feeds ($name)", ({ open }) => {
  let store: Store;
  let service: RunningService;
  let key: string;
  let path: string;
  let website: Awaited<ReturnType<typeof addWebsite>>;
  const clock = createManualClock(at(59));

  const recordChange = async (page: { url: string; title: string }, change: Partial<NewChange>) => {
    const id = await storePage(store.db, { websiteId: website.id, url: page.url, body: "<p>Text", markdown: "Text" });
    await store.db.update(pages).set({ title: page.title }).where(eq(pages.id, id));
    const all = { kind: "new", detectedAt: at(0), ...change, page: { id, ...page } } as NewChange;
    const { userId, name, url } = website;
    await store.db.transaction((tx) =>
      recordChanges(tx, { website: { id: website.id, userId, name, url }, crawlId: null }, [all]),
    );
  };

  beforeAll(async () => {
    store = await open();
    service = await startService(store, { isClosed: true, clock, config: { PUBLIC_URL } });
    const made = {
      maker: LOCAL_PRINCIPAL,
      userId: LOCAL_USER_ID,
      name: "k",
      permissions: ["read" as const],
      expiresAt: null,
    };
    key = (await createKey(store.db, made, clock.now())).secret;
    website = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://docs.example.com/", name: HOSTILE });
    path = `/api/v1/websites/${website.id}/feed`;
    const summary = { added: 1, removed: 1, changed: 0, moved: 0, wordsAdded: 2, wordsRemoved: 2, share: 0.25 };
    await recordChange({ url: "https://docs.example.com/new", title: "New" }, { detectedAt: at(1) });
    await recordChange(
      { url: "https://docs.example.com/blog/a?x=1&y=<2>", title: HOSTILE },
      {
        kind: "changed",
        detectedAt: at(2),
        summary,
        excerpt: { added: [HOSTILE], removed: ["<script>alert(1)</script>"] },
      },
    );
    await recordChange(
      { url: "https://docs.example.com/old", title: "Old" },
      {
        kind: "moved",
        detectedAt: at(3),
        fromUrl: "https://docs.example.com/old",
        toUrl: "https://docs.example.com/new",
      },
    );
  });
  afterAll(async () => {
    await service.stop();
    await store.close();
  });

  const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString("base64")}` });
  const read = (format: string, query = "", headers: Record<string, string> = {}) =>
    service.ask("GET", `${path}.${format}${query}`, undefined, { ...basic(`reader:${key}`), ...headers });

  test("RSS is well-formed, newest first, whatever pages hold", async () => {
    const { status, headers, text } = await read("rss");

    expect([status, headers.get("content-type")]).toEqual([200, "application/rss+xml; charset=utf-8"]);
    const { rss } = Bun.XML.parse(text) as unknown as {
      rss: { channel: { title: string; item: Record<string, unknown>[] } };
    };
    expect(rss.channel.title).toStartWith('Changes on A <b>"title"</b> & ]]>');
    expect(rss.channel.item).toMatchObject([
      { title: "Moved: Old", link: "https://docs.example.com/new", category: "moved" },
      { title: expect.stringContaining('Changed: A <b>"title"</b> & ]]>'), pubDate: "Sat, 31 Jan 2026 12:02:00 GMT" },
      {
        title: "New page: New",
        guid: { "@isPermaLink": "false", "#text": expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/) },
      },
    ]);
    const html = String(rss.channel.item[1]?.["content:encoded"]);
    expect(html).toContain("Changed, 25 % of the text");
    expect(html).toContain("<ins>A &lt;b&gt;&quot;title&quot;&lt;/b&gt; &amp; ]]&gt;");
    expect(html).toContain("<del>&lt;script&gt;");
  });

  test("Atom and JSON Feed tell the same under the same ids", async () => {
    const [rss, atom, json] = [await read("rss"), await read("atom"), await read("json")];

    const { feed } = Bun.XML.parse(atom.text) as unknown as {
      feed: { updated: string; entry: { id: string; updated: string }[] };
    };
    const { items } = json.json as { items: { id: string; content_html: string; url: string }[] };
    const idsOfRss = [...rss.text.matchAll(/urn:uuid:[0-9a-f-]{36}/g)].map(String);
    expect(atom.headers.get("content-type")).toBe("application/atom+xml; charset=utf-8");
    expect(json.headers.get("content-type")).toBe("application/feed+json; charset=utf-8");
    expect(feed.updated).toBe(at(3).toISOString());
    expect(feed.entry.map(({ id }) => id)).toEqual(idsOfRss);
    expect(items.map(({ id }) => id)).toEqual(idsOfRss);
    expect(json.json).toMatchObject({
      version: "https://jsonfeed.org/version/1.1",
      feed_url: `${service.url}${path}.json`,
      home_page_url: "https://docs.example.com/",
    });
  });

  test("entries lead to what changed, where the service is reached", async () => {
    const [rss, atom, json] = [await read("rss"), await read("atom"), await read("json")];

    const { items } = json.json as { items: { id: string; content_html: string }[] };
    const id = items[1]?.id.slice("urn:uuid:".length);
    const link = `${PUBLIC_URL}/api/v1/changes/${id}/diff?format=html&view=side_by_side`;
    const html = `<p><a href="${Bun.escapeHTML(link)}">See what changed</a></p>`;
    expect(items[1]?.content_html).toEndWith(html);
    const { feed } = Bun.XML.parse(atom.text) as unknown as { feed: { entry: { link: object[] }[] } };
    expect(feed.entry[1]?.link).toEqual([
      { "@rel": "alternate", "@href": "https://docs.example.com/blog/a?x=1&y=<2>" },
      { "@rel": "related", "@type": "text/html", "@href": link },
    ]);
    expect(rss.text).toContain(html.replace(/[&<>]/g, Bun.escapeHTML));
    const followed = await service.ask("GET", link.slice(PUBLIC_URL.length), undefined, { "x-api-key": key });
    expect([followed.status, followed.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const viewer = { userId: LOCAL_USER_ID } as Viewer;
    const unlinked = await readFeed(store.db, viewer, website.id, { limit: 9 });
    expect(JSON.stringify(unlinked)).not.toContain("See what changed");
    expect(unlinked.entries[0]?.changeUrl).toBeUndefined();
  });

  test("filters by kind, path, share and number", async () => {
    const titles = async (query: string) => {
      const { json } = await read("json", query);
      return (json.items as { title: string }[]).map(({ title }) => title.split(":")[0]);
    };

    expect(await titles("?kind=new")).toEqual(["New page"]);
    expect(await titles("?path=/blog/")).toEqual(["Changed"]);
    expect(await titles(`?path=${encodeURIComponent("/{new,old}")}`)).toEqual(["Moved", "New page"]);
    expect(await titles("?min_share=0.3")).toEqual(["Moved", "New page"]);
    expect(await titles("?limit=1")).toEqual(["Moved"]);
    expect((await read("json", "?kind=nonsense")).status).toBe(400);
    expect((await read("json", "?min_share=2")).status).toBe(400);
    expect((await read("json", "?path=re:(")).status).toBe(400);
  });

  test("is not sent again to who has it", async () => {
    const { headers } = await read("atom");
    const [etag, modified] = [headers.get("etag") ?? "", headers.get("last-modified") ?? ""];

    expect(modified).toBe("Sat, 31 Jan 2026 12:03:00 GMT");
    expect(await read("atom", "", { "if-none-match": etag })).toMatchObject({ status: 304, text: "" });
    expect(await read("atom", "", { "if-modified-since": modified })).toMatchObject({ status: 304, text: "" });
    expect(await read("atom", "", { "if-modified-since": at(2).toUTCString() })).toMatchObject({ status: 200 });
    // The tag goes before the date.
    expect(await read("atom", "", { "if-none-match": '"other"', "if-modified-since": modified })).toMatchObject({
      status: 200,
    });
  });

  test("takes Basic, for reading feeds alone, and asks for it", async () => {
    const asked = await service.ask("GET", `${path}.rss`);
    const elsewhere = await service.ask("GET", `/api/v1/websites/${website.id}`, undefined, basic(`reader:${key}`));
    const wrong = await service.ask("GET", `${path}.rss`, undefined, basic("reader:wrong"));
    const posted = await service.ask("POST", `${path}.rss`, {}, basic(`reader:${key}`));
    const byHeader = await service.ask("GET", `${path}.rss`, undefined, { "x-api-key": key });

    expect([asked.status, asked.headers.get("www-authenticate")]).toEqual([
      401,
      expect.stringMatching(/^Basic realm="/),
    ]);
    expect([elsewhere.status, wrong.status, posted.status, byHeader.status]).toEqual([401, 401, 401, 200]);
  });

  test("of a website that is not there is none", async () => {
    const { status } = await service.ask("GET", `/api/v1/websites/${Bun.randomUUIDv7()}/feed.rss`, undefined, {
      "x-api-key": key,
    });

    expect(status).toBe(404);
  });
});
