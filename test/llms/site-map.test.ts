import { expect, test } from "bun:test";
import { toPageTree } from "../../src/llms/page-tree.ts";
import { writeSiteMap } from "../../src/llms/site-map.ts";
import { listed, listedMany } from "./listed.ts";

const WEBSITE = { id: "0195f3e0-5c1a-7000-8000-3f6c2b1d9e10", url: "https://site.example/" };

test("the site map is the hierarchy of paths, with what there is to know of each page", async () => {
  const guide = listed("/docs/guide.html", { title: "Guide", byteLength: 10, wordCount: 3, tokens: 4, depth: 2 });
  const tree = await toPageTree([
    listed("/"),
    guide,
    listed("/docs/guide.html?v=2"),
    listed("/b", { url: "https://api.site.example/b" }),
  ]);

  const { text, pages } = await writeSiteMap(WEBSITE, tree.root);

  const map = JSON.parse(text);
  expect(pages).toBe(4);
  expect(map).toMatchObject({ website: WEBSITE, pages: 4, bytes: 310, words: 33, tokens: 64 });
  expect(map.children.map(({ host, count }: { host: string; count: number }) => [host, count])).toEqual([
    ["api.site.example", 1],
    ["site.example", 3],
  ]);
  const [docs] = map.children[1].children;
  expect(docs).toMatchObject({
    name: "docs",
    path: "/docs",
    count: 2,
    children: [{ name: "guide", path: "/docs/guide" }],
  });
  expect(docs.pages).toBeUndefined();
  expect(docs.children[0].pages).toEqual([
    {
      ...{ id: guide.id, url: guide.url, title: "Guide", bytes: 10, words: 3, tokens: 4, depth: 2 },
      ...{
        first_seen_at: "2026-01-01T00:00:00.000Z",
        changed_at: "2026-01-01T00:00:00.000Z",
        fetched_at: "2026-01-01T00:00:00.000Z",
      },
      content_hash: guide.contentHash,
    },
    expect.objectContaining({ url: "https://site.example/docs/guide.html?v=2" }),
  ]);
});

test("it is the same however pages come, and others get their turn while it is written", async () => {
  const many = listedMany("/docs/", 5_000);
  let turns = 0;
  const count = setInterval(() => turns++, 0);

  const [one, two] = [await toPageTree(many), await toPageTree([...many].reverse())];
  const first = await writeSiteMap(WEBSITE, one.root);
  clearInterval(count);

  expect((await writeSiteMap(WEBSITE, two.root)).text).toBe(first.text);
  expect(turns).toBeGreaterThan(0);
});

test("it ends when nobody waits for it any more", async () => {
  const { root } = await toPageTree(listedMany("/docs/", 5));

  await expect(writeSiteMap(WEBSITE, root, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
});
