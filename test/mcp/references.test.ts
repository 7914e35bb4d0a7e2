import { afterAll, beforeAll, expect, test } from "bun:test";
import { createUser } from "../../src/access/users.ts";
import { LOCAL_VIEWER, type Viewer } from "../../src/access/viewer.ts";
import type { Store } from "../../src/db/db.ts";
import { agreeOnHost } from "../../src/mcp/hosts.ts";
import { findWebsiteBy, getPageBy, getWebsiteBy } from "../../src/mcp/references.ts";
import { addWebsite, type Website } from "../../src/websites/websites.ts";
import { storePage } from "../pages/stored-pages.ts";
import { testStores } from "../testing/stores.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
let store: Store;
let viewer: Viewer;
let docs: Website;
let blog: Website;
let local: Website;

beforeAll(async () => {
  store = await embedded.open();
  const { id: userId } = await createUser(store.db, { name: "Ada" });
  viewer = { userId, seesAll: false };
  const add = (url: string, name?: string, options = {}) => addWebsite(store.db, { userId, url, name, options });
  docs = await add("https://example.com/docs/", "100%_Docs");
  blog = await add("https://example.com/blog/", "Blog", { scope: "domain" });
  local = await add("http://localhost:8080/", "Local");
}, 60_000);
afterAll(() => store.close());

test("of several websites on a host a URL means the one that it leads through", async () => {
  expect(await getWebsiteBy(store.db, viewer, "https://example.com/docs/install")).toMatchObject({ id: docs.id });
  expect(await getWebsiteBy(store.db, viewer, " https://example.com/blog/ ")).toMatchObject({ id: blog.id });
  for (const reference of ["example.com", "https://example.com/", "https://example.com/shop"])
    expect(getWebsiteBy(store.db, viewer, reference)).rejects.toMatchObject({ reason: "conflict" });
});

test("a website is found by its name in any case, and signs of patterns mean nothing", async () => {
  expect(await findWebsiteBy(store.db, viewer, "100%_docs")).toMatchObject({ id: docs.id });
  expect(await findWebsiteBy(store.db, viewer, "localhost:8080")).toMatchObject({ id: local.id });
  for (const reference of ["100%", "%", "_", "'", "docs", "example", "EXAMPLE.COM.", "a\0b", "x".repeat(2_000)])
    expect([reference, await findWebsiteBy(store.db, viewer, reference)]).toEqual([reference, undefined]);
});

test("of a URL that several websites have, the page with a text that is there is meant", async () => {
  const url = "https://example.com/docs/a";
  await storePage(store.db, { websiteId: blog.id, url });
  const pageId = await storePage(store.db, { websiteId: docs.id, url, body: "<p>x</p>" });

  expect(await getPageBy(store.db, viewer, `${url}#part`)).toMatchObject({ id: pageId });
  expect(await getPageBy(store.db, viewer, pageId.toUpperCase())).toMatchObject({ id: pageId });
});

test.each([
  ["https://example.com/anything", true],
  ["https://www.example.com/", true],
  ["https://shop.example.com/", true],
  ["http://localhost:8080/x", true],
  ["http://localhost:9090/x", false],
  ["https://example.com.evil.org/", false],
  ["https://evil.org/?https://example.com/docs/", false],
  ["https://notexample.com/", false],
])("%s may be fetched: %p", async (url, isAllowed) => {
  const call = { allowedHosts: new Set<string>() };
  const agreed = agreeOnHost(store.db, viewer, url, { call, isSaidToBeWanted: false });

  if (isAllowed) await agreed;
  else await expect(agreed).rejects.toMatchObject({ reason: "forbidden", code: "new_host" });
});

test("an administrator's websites are everybody's", async () => {
  const call = { allowedHosts: new Set<string>() };

  await agreeOnHost(store.db, LOCAL_VIEWER, "https://example.com/", { call, isSaidToBeWanted: false });
  await expect(
    agreeOnHost(store.db, { userId: Bun.randomUUIDv7(), seesAll: false }, "https://example.com/", {
      ...{ call, isSaidToBeWanted: false },
    }),
  ).rejects.toMatchObject({ reason: "forbidden" });
});
