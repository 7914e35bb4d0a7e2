import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import type { Store } from "../../src/db/db.ts";
import { markdownDocuments, pageChanges } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { toMailHtml, toMailText } from "../../src/notify/mail-content.ts";
import { readDiffs } from "../../src/notify/mail-diff.ts";
import { SAMPLE_MESSAGE } from "../../src/notify/template-variables.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { storePage } from "../pages/stored-pages.ts";
import { testStores } from "../testing/stores.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
let store: Store;
let websiteId: string;
beforeAll(async () => {
  store = await embedded.open();
  websiteId = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://docs.example.com/" })).id;
});
afterAll(() => store.close());

let pages = 0;

/** A change of a page between two texts, and a message that tells of it. */
const storeChange = async (before: string, after: string) => {
  const url = `https://docs.example.com/${pages++}`;
  const pageId = await storePage(store.db, { websiteId, url, body: "<p>", markdown: before });
  const [first] = await store.db.select().from(markdownDocuments).where(eq(markdownDocuments.pageId, pageId));
  if (!first) throw new Error("The page has a document");
  const second = { ...first, id: Bun.randomUUIDv7(), version: 2, markdown: after, contentHash: "00".repeat(32) };
  await store.db.insert(markdownDocuments).values(second);
  const change = { websiteId, pageId, kind: "changed" as const, fromDocumentId: first.id, toDocumentId: second.id };
  const [row] = await store.db.insert(pageChanges).values(change).returning();
  const changeId = row?.id ?? "";
  return {
    changeId,
    message: { ...SAMPLE_MESSAGE, pages: SAMPLE_MESSAGE.pages.map((page) => ({ ...page, changeId })) },
  };
};

test("an e-mail shows all that changed, read when it is sent", async () => {
  const same = "\n\nA paragraph that stays as it is.\n";
  const { changeId, message } = await storeChange(
    `# Prices${same}\nThe plan costs ten dollars a month.\n`,
    `# Prices${same}\nThe plan costs <b>twelve</b> dollars a month.\n\n- A new point\n`,
  );

  const diffs = await readDiffs(store.db, message);

  expect([...diffs.keys()]).toEqual([changeId]);
  expect(toMailText(message, diffs)).toContain("A new point");
  expect(toMailText(message, diffs)).not.toContain("Team plan costs");
  expect(toMailHtml(message, diffs)).toContain("A new point");
  expect(toMailHtml(message, diffs)).not.toContain("<b>twelve</b>");
});

test("where a version is not kept any more, or is too long, the excerpt is shown", async () => {
  const gone = await storeChange("Before", "After");
  await store.db.delete(markdownDocuments);
  const parts = [1, 2, 3].map(() => crypto.getRandomValues(new Uint8Array(50_000)));
  const random = Buffer.concat(parts).toString("base64");
  const long = await storeChange(random, `${random} and more`);

  for (const { message } of [gone, long]) {
    const diffs = await readDiffs(store.db, message);
    expect(diffs.size).toBe(0);
    expect(toMailText(message, diffs)).toContain("+ The Team plan costs $12 a month.");
    expect(toMailHtml(message, diffs)).toContain("The Team plan costs $12 a month.");
  }
});

test("what is about no change asks the database nothing", async () => {
  const message = { ...SAMPLE_MESSAGE, pages: SAMPLE_MESSAGE.pages.map((page) => ({ ...page, changeId: undefined })) };

  expect(await readDiffs({} as Store["db"], message)).toEqual(new Map());
});
