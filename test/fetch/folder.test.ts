import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../src/errors.ts";
import type { Fetch } from "../../src/fetch/fetch.ts";
import { createFolderFetch } from "../../src/fetch/folder.ts";
import { findFolderSeeds } from "../../src/fetch/folder-seeds.ts";
import { failureOf, textOf } from "./network.ts";

const base = "https://docs.test";
let outer = "";
let root = "";
let fetch: Fetch;

beforeAll(async () => {
  outer = await mkdtemp(join(tmpdir(), "orbweaver-folder-"));
  root = join(outer, "site");
  const files: Record<string, string> = {
    "site/index.html": "home",
    "site/404.html": "nothing here",
    "site/about.html": "about",
    "site/guide/index.html": "guide",
    "site/guide/first steps.html": "first",
    "site/guide/100%.html": "all",
    "site/guide/what?.html": "what",
    "site/guide/日本.html": "japan",
    "site/guide/deep/page.HTM": "deep",
    "site/both.html": "file",
    "site/both/index.html": "folder",
    "site/empty/readme.txt": "text",
    "site/old/index.htm": "old",
    "site/LICENSE": "plain",
    "site/style.css": "css",
    "site/data.json": "{}",
    "site/notes.md": "# notes",
    "site/.hidden/index.html": "hidden",
    "site/..dots.html": "dots",
    "site/image.png": "png",
    "site-other/index.html": "neighbour",
    "secret.html": "secret",
  };
  for (const [path, text] of Object.entries(files)) await Bun.write(join(outer, path), text);
  await symlink(join(outer, "secret.html"), join(root, "leak.html"));
  await symlink("../site-other", join(root, "neighbour"));
  await symlink("about.html", join(root, "alias.html"));
  await symlink(".", join(root, "round"));
  await mkdir(join(root, "folder.html"));
  await utimes(join(root, "about.html"), new Date("2026-01-01T00:00:00Z"), new Date("2026-01-01T00:00:00.700Z"));
  fetch = await createFolderFetch(root, base);
});
afterAll(() => rm(outer, { recursive: true }));

const get = (path: string, headers?: Record<string, string>) => fetch({ url: base + path, headers });

test.each([
  ["/", "home"],
  ["/about.html", "about"],
  ["/about", "about"],
  ["/about?x=1#y", "about"],
  ["/guide/", "guide"],
  ["/old/", "old"],
  ["/guide/first%20steps", "first"],
  ["/guide/first steps.html", "first"],
  ["/guide/100%25.html", "all"],
  ["/guide/what%3F.html", "what"],
  ["/guide/%E6%97%A5%E6%9C%AC", "japan"],
  ["/guide/日本.html", "japan"],
  ["/LICENSE", "plain"],
  ["/both", "file"],
  ["/both/", "folder"],
  ["/alias.html", "about"],
  ["/..dots.html", "dots"],
  ["/guide/../about", "about"],
])("%s answers with its file", async (path, text) => {
  const response = await get(path);

  expect([response.status, textOf(response), response.redirects]).toEqual([200, text, []]);
  expect(response.wireBytes).toBe(text.length);
});

test("a folder without its slash is moved to where it has one, as static hosts do", async () => {
  const response = await get("/guide?x=1#y");
  expect(response.url).toBe(`${base}/guide/?x=1`);
  expect(response.redirects).toEqual([{ url: `${base}/guide?x=1`, status: 301, location: `${base}/guide/?x=1` }]);

  const unfollowed = await fetch({ url: `${base}/guide`, maxRedirects: 0 });
  expect(unfollowed).toMatchObject({ status: 301, location: `${base}/guide/`, redirects: [] });
});

test("a folder's page has one URL: its file's name is moved to the folder's", async () => {
  const response = await get("/guide/index.html?x=1");

  expect([response.url, textOf(response)]).toEqual([`${base}/guide/?x=1`, "guide"]);
  expect(response.redirects).toEqual([
    { url: `${base}/guide/index.html?x=1`, status: 301, location: `${base}/guide/?x=1` },
  ]);
});

describe("what is missing, or no regular file in the folder, is not found", () => {
  test.each([
    "/nope",
    "/nope/",
    "/empty",
    "/empty/",
    "/about/",
    "/about.html/",
    "/guide//first%20steps",
    "//about",
    "/guide/100%.html",
    "/%",
    "/folder.html",
    "/robots.txt",
    "/sitemap.xml",
    "/leak.html",
    "/leak",
    "/neighbour/",
    "/neighbour",
    "/neighbour/index.html",
    "/../secret.html",
    "/%2e%2e/secret.html",
    "/..%2fsecret.html",
    "/..%2Fsecret",
    "/guide/..%2f..%2fsecret.html",
    "/..%5csecret.html",
    "/guide%2ffirst%20steps.html",
    "/about%00.html",
    "/about.html%00",
    "/%252e%252e/secret.html",
    `/${"a".repeat(300)}`,
    `/${"a/".repeat(300)}`,
  ])("%s", async (path) => {
    const response = await get(path);

    expect([response.status, textOf(response)]).toEqual([404, "nothing here"]);
    expect(response.headers.get("etag")).toBeNull();
  });
});

test("a site without a page for errors answers 404 with nothing", async () => {
  const bare = await createFolderFetch(join(root, "guide"), base);

  const response = await bare({ url: `${base}/nope` });

  expect([response.status, response.body.byteLength]).toEqual([404, 0]);
});

test.each([
  ["/", "text/html"],
  ["/guide/deep/page.HTM", "text/html"],
  ["/style.css", "text/css"],
  ["/data.json", "application/json"],
  ["/notes.md", "text/markdown"],
  ["/image.png", "image/png"],
  ["/LICENSE", "application/octet-stream"],
])("the type of %s is %s, without a charset that would overrule the file's own", async (path, type) => {
  expect((await get(path)).headers.get("content-type")).toBe(type);
});

test("an unchanged file answers a conditional request with 304, by tag or by date, the tag going first", async () => {
  const { headers } = await get("/about");
  const etag = headers.get("etag") ?? "";
  const modified = headers.get("last-modified") ?? "";

  expect(modified).toBe("Thu, 01 Jan 2026 00:00:00 GMT");
  const conditions: Record<string, string>[] = [
    { "if-none-match": etag },
    { "If-None-Match": `"x", W/${etag}` },
    { "if-none-match": "*" },
    { "if-none-match": '"x"' },
    { "if-modified-since": modified },
    { "if-modified-since": "Wed, 31 Dec 2025 23:59:59 GMT" },
    { "if-modified-since": "yesterday" },
    { "if-none-match": '"x"', "if-modified-since": modified },
  ];
  const statuses = await Promise.all(conditions.map(async (headers) => (await get("/about", headers)).status));
  expect(statuses).toEqual([304, 304, 304, 200, 304, 200, 200, 200]);
});

test("a file that is rewritten has another tag", async () => {
  const path = join(root, "changing.html");
  await Bun.write(path, "one");
  const before = (await get("/changing")).headers.get("etag") ?? "";

  await Bun.write(path, "three");

  expect((await get("/changing", { "if-none-match": before })).status).toBe(200);
  await rm(path);
});

test("a body that is not wanted is not read, and one over the limit is refused", async () => {
  const unread = await fetch({
    url: `${base}/image.png`,
    wantsBody: ({ headers }) => headers.get("content-type") !== "image/png",
  });
  expect(unread).toMatchObject({ status: 200, isBodyRead: false, wireBytes: 0 });

  expect((await failureOf(fetch({ url: `${base}/about`, maxBytes: 4 }))).code).toBe("too_large");
  expect((await fetch({ url: `${base}/about`, maxBytes: 5 })).status).toBe(200);
});

test("other websites are out of reach, and the failure says why", async () => {
  const failure = await failureOf(fetch({ url: "https://elsewhere.test/about" }));

  expect(failure).toMatchObject({ code: "connect", isRetryable: false });
  expect(failure.message).toBe("elsewhere.test is not docs.test: a folder is crawled without a network");
  expect((await failureOf(fetch({ url: "http://docs.test/" }))).code).toBe("connect");
  expect((await failureOf(fetch({ url: "file:///etc/passwd" }))).code).toBe("blocked_scheme");
  expect((await failureOf(fetch({ url: "about" }))).code).toBe("bad_url");
});

test("a cancelled request fails as cancelled", async () => {
  expect((await failureOf(fetch({ url: `${base}/`, signal: AbortSignal.abort() }))).code).toBe("cancelled");
});

test("a folder may stand for a part of a website", async () => {
  const part = await createFolderFetch(root, "https://example.test/docs/v1");

  expect(textOf(await part({ url: "https://example.test/docs/v1/about" }))).toBe("about");
  expect((await part({ url: "https://example.test/docs/v1" })).url).toBe("https://example.test/docs/v1/");
  expect((await part({ url: "https://example.test/docs/v10" })).status).toBe(404);
  expect((await part({ url: "https://example.test/about" })).status).toBe(404);
});

test("a folder that is not there, a file, and a base that is no website are refused", async () => {
  const refusal = async (folder: string, url: string) => {
    const error = await createFolderFetch(folder, url).catch((thrown: unknown) => thrown);
    return error instanceof AppError ? [error.reason, error.message] : error;
  };

  expect(await refusal(join(outer, "nope"), base)).toEqual(["not_found", `There is no folder ${join(outer, "nope")}`]);
  expect((await refusal(join(root, "about.html"), base)) as string[]).toContain("not_found");
  expect(await refusal(root, "docs.test")).toEqual([
    "invalid",
    '"docs.test" is no base URL: write the site\'s address, as in https://docs.example.org',
  ]);
});

test("the seeds are every page in order, each at a URL that answers with it", async () => {
  const seeds = await Array.fromAsync(findFolderSeeds(root, base));

  expect(seeds.map((seed) => seed.slice(base.length))).toEqual([
    "/",
    "/about.html",
    "/both/",
    "/both.html",
    "/guide/",
    "/guide/100%25.html",
    "/guide/deep/page.HTM",
    "/guide/first%20steps.html",
    "/guide/what%3F.html",
    "/guide/%E6%97%A5%E6%9C%AC.html",
    "/old/",
  ]);
  for (const seed of seeds)
    expect([seed, (await fetch({ url: seed })).status, (await fetch({ url: seed })).url]).toEqual([seed, 200, seed]);
});

test("the seeds stop at their limit, and lie under the base", async () => {
  const seeds = await Array.fromAsync(findFolderSeeds(root, "https://example.test/docs", 2));

  expect(seeds).toEqual(["https://example.test/docs/", "https://example.test/docs/about.html"]);
});
