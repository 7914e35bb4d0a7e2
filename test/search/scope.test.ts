import { afterAll, beforeAll, expect, test } from "bun:test";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { parseQuery } from "../../src/search/query.ts";
import { readScope } from "../../src/search/scope.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { day } from "../changes/page-history.ts";
import { testStores } from "../testing/stores.ts";

let store: Store;
beforeAll(async () => {
  store = await (testStores.at(-1) as (typeof testStores)[number]).open();
  await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://docs.example/" });
});
afterAll(() => store.close());

// Only then is it looked whether all passages that match were held against them.
test.each([
  "after:7d",
  "before:2026-01-05",
  "type:article",
  "-type:article",
  "-path:/a",
  "lang:pt-BR",
  "-site:a.example",
])("%s is a condition that few pages may meet", async (filter) => {
  const { filters } = parseQuery(`word ${filter}`, { now: day(9) });

  expect(await readScope(store.db, LOCAL_VIEWER, undefined, filters)).toMatchObject({ isNarrow: true });
});

test.each(["", "lang:pt", "-lang:pt"])("the index alone tells what %p asks for", async (filter) => {
  const { filters } = parseQuery(`word ${filter}`, { now: day(9) });

  expect(await readScope(store.db, LOCAL_VIEWER, undefined, filters)).toMatchObject({ isNarrow: false });
});
