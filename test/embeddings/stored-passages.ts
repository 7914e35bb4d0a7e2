import type { Db } from "../../src/db/db.ts";
import { indexedPages, indexedWebsites, passages } from "../../src/db/schema/passages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { storePage } from "../pages/stored-pages.ts";

export type StoredPassages = { websiteId: string; pageIds: string[] };

const at = new Date("2026-01-01T00:00:00Z");

/** The same text has the same, as in the index. */
function hashOf(text: string): string {
  const hex = new Bun.CryptoHasher("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

/** A website with a page for each list of passages, as indexing leaves them. */
export async function storePassages(
  db: Db,
  host: string,
  pages: readonly (readonly string[])[],
): Promise<StoredPassages> {
  const { id: websiteId } = await addWebsite(db, { userId: LOCAL_USER_ID, url: `https://${host}/` });
  const pageIds: string[] = [];
  for (const [number, texts] of pages.entries()) {
    const pageId = await storePage(db, { websiteId, url: `https://${host}/${number}`, body: `<p>${number}` });
    pageIds.push(pageId);
    await addPassages(db, { websiteId, pageId }, texts);
    const sizes = { byteLength: 1, tokens: 1, passages: texts.length, simhash: 1n };
    await db.insert(indexedPages).values({ pageId, websiteId, documentId: pageId, version: 1, make: 1, ...sizes });
  }
  await countPassages(db, websiteId, pages.flat().length);
  return { websiteId, pageIds };
}

export async function addPassages(
  db: Db,
  owner: { websiteId: string; pageId: string },
  texts: readonly string[],
): Promise<string[]> {
  const rows = texts.map((text, place) => ({
    ...{ ...owner, place, hash: hashOf(text), headingPath: ["Guide", "Part"], text, dictionary: "english", tokens: 1 },
    ...{ terms: "'a':1C", fromVersion: 1, fromAt: at },
  }));
  const added = await db.insert(passages).values(rows).returning({ id: passages.id });
  return added.map(({ id }) => id);
}

/** What is indexed of a website, as it is counted at the end of indexing. */
export async function countPassages(db: Db, websiteId: string, count: number): Promise<void> {
  const counts = { pages: 1, passages: count, dictionaries: {}, indexedAt: at };
  await db
    .insert(indexedWebsites)
    .values({ websiteId, ...counts })
    .onConflictDoUpdate({ target: indexedWebsites.websiteId, set: counts });
}
