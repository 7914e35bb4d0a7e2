import { eq, sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import { isBadValue } from "../db/bad-value.ts";
import { type Db, rowsOf } from "../db/db.ts";
import { indexedPages, indexedWebsites } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import { type CutPassage, cutDocument } from "./cut-document.ts";
import { analyzePassages, sortIndexes } from "./index-upkeep.ts";
import { languageMarker, websiteMarker, wholeNameMarker } from "./markers.ts";
import type { CutVersion } from "./page-diff.ts";
import {
  listPending,
  listVersions,
  type PendingPage,
  type PendingVersion,
  type ReadVersion,
  readEnds,
  readVersions,
} from "./pending.ts";
import { dictionaryOf, foldAccents, stemWords } from "./stems.ts";
import { addCounts, noCounts, type PageBatch, type StoredCounts, storeBatch } from "./store-passages.ts";
import { summarize } from "./summary.ts";
import { type PassageWords, writeTerms } from "./terms.ts";
import { openVocabulary, type Vocabulary } from "./vocabulary.ts";

export type IndexingProgress = { pages: number; passages: number };

/** What was done: pages indexed anew, passages that are new, kept as they were, and gone. */
export type IndexingResult = StoredCounts;

/**
 * What one transaction takes, in bytes of packed Markdown and in versions: as much as the embedded database, which answers
 * nobody else meanwhile, writes in a few dozen milliseconds.
 */
const BATCH = { bytes: 48 * 1_024, versions: 16 };

/**
 * Batches whose terms the indexes take in their order together, and whose words are stored: fewer are more work, more hold
 * up others for longer.
 */
const TIDIED_BATCHES = 8;

type Context = { db: Db; clock: Clock };
type Run = { signal: AbortSignal; onProgress?: (progress: IndexingProgress) => void };

/**
 * Brings the passages of a website up to its pages: those whose current version is not indexed yet, and those that were
 * removed. Safe to repeat and to end at any moment; each batch is a transaction.
 */
export async function indexWebsite(context: Context, websiteId: string, run: Run): Promise<IndexingResult> {
  const { db, clock } = context;
  const startedAt = clock.now();
  const total = noCounts();
  const [website] = await db.select().from(websites).where(eq(websites.id, websiteId));
  if (!website || website.deletedAt) return total;
  let vocabulary: Vocabulary | undefined;
  let batches = 0;
  for await (const behind of listPending(db, websiteId)) {
    vocabulary ??= await openVocabulary(db, websiteId);
    for await (const batch of toBatches(db, behind, clock.now())) {
      run.signal.throwIfAborted();
      const cut = await cutBatch(db, websiteId, batch, vocabulary);
      const counts = await storeWhatCanBe(db, websiteId, cut, clock.now());
      if (!counts) return total;
      noteIndexed(cut);
      if (++batches % TIDIED_BATCHES === 0) await tidy(db, vocabulary);
      addCounts(total, counts);
      run.onProgress?.({ pages: total.pages + total.removed, passages: total.added });
    }
  }
  const isChanged = total.pages + total.removed > 0;
  await noteWebsite(db, websiteId, startedAt, isChanged);
  if (isChanged) {
    await tidy(db, vocabulary);
    await analyzePassages(db);
  }
  return total;
}

async function tidy(db: Db, vocabulary: Vocabulary | undefined): Promise<void> {
  await sortIndexes(db);
  await vocabulary?.store(db);
}

type Batch = { gone: { page: PendingPage; at: Date }[]; versions: PendingVersion[] };

/** What is to be done, in portions, each page's versions in their order. */
async function* toBatches(db: Db, behind: readonly PendingPage[], now: Date): AsyncIterable<Batch> {
  const gone = behind.filter(({ documentId }) => documentId === null);
  const ends = await readEnds(
    db,
    gone.map(({ id }) => id),
  );
  for (let at = 0; at < gone.length; at += BATCH.versions)
    yield {
      gone: gone.slice(at, at + BATCH.versions).map((page) => ({ page, at: ends.get(page.id) ?? now })),
      versions: [],
    };
  let versions: PendingVersion[] = [];
  let bytes = 0;
  for (const version of await listVersions(db, behind)) {
    if (versions.length >= BATCH.versions || (versions.length > 0 && bytes + version.bytes > BATCH.bytes)) {
      yield { gone: [], versions };
      versions = [];
      bytes = 0;
    }
    versions.push(version);
    bytes += version.bytes;
  }
  if (versions.length > 0) yield { gone: [], versions };
}

async function cutBatch(db: Db, websiteId: string, batch: Batch, vocabulary: Vocabulary): Promise<PageBatch[]> {
  const read = await readVersions(
    db,
    batch.versions.map(({ id }) => id),
  );
  const drafts: Draft[] = [];
  for (const pending of batch.versions) {
    const version = read.get(pending.id);
    if (!version) continue;
    const draft = await draftVersion(pending, version);
    drafts.push(draft);
  }
  const cut = await finishDrafts(db, websiteId, drafts, vocabulary);
  const pages = Map.groupBy(cut, ({ page }) => page);
  return [
    ...batch.gone.map(({ page, at }) => ({ page, versions: [], goneAt: at })),
    ...[...pages].map(([page, versions]) => ({ page, versions: versions.sort((a, b) => a.version - b.version) })),
  ];
}

/** Passages that are cut before others have their turn: a few milliseconds. */
const CUT_TOGETHER = 32;

type Draft = { page: PendingPage; version: Omit<CutVersion, "passages">; passages: CutPassage[] };

async function draftVersion({ page, version, isCurrent }: PendingVersion, read: ReadVersion): Promise<Draft> {
  // What the page says now may have come without a new text.
  const { title, language } = isCurrent ? page : read;
  const { id, fetchedAt, simhash, markdown, description, headings, breadcrumbs } = read;
  const passages: CutPassage[] = [];
  for (const passage of cutDocument({ title, markdown, headings })) {
    // Others have waited while it was cut.
    if (passage.place % CUT_TOGETHER === 0) await new Promise(setImmediate);
    passages.push(passage);
  }
  return {
    page,
    passages,
    version: {
      ...{ id, version, fetchedAt, title, language, simhash, dictionary: dictionaryOf(language) },
      summary: summarize({ description, markdown }),
      breadcrumbs: breadcrumbs.map(({ text }) => text),
      byteLength: Buffer.byteLength(markdown),
    },
  };
}

/** Has all their words reduced to stems, those of one language together. */
async function finishDrafts(
  db: Db,
  websiteId: string,
  drafts: readonly Draft[],
  vocabulary: Vocabulary,
): Promise<(CutVersion & { page: PendingPage })[]> {
  const finished: (CutVersion & { page: PendingPage })[] = [];
  for (const [dictionary, same] of Map.groupBy(drafts, ({ version }) => version.dictionary)) {
    const words = same.flatMap(({ passages }) => passages.map((passage) => passage.words));
    const lexemes = await findLexemes(db, dictionary, words);
    vocabulary.add(lexemes.keys());
    for (const { page, version, passages } of same) {
      const markers = [websiteMarker(websiteId), languageMarker(version.language)];
      const withTerms = passages.map(({ words, names, ...passage }) => ({
        ...passage,
        terms: writeTerms(words, lexemes, [...markers, ...names.map(wholeNameMarker)], passage.place === 0),
      }));
      finished.push({ ...version, page, passages: withTerms });
    }
  }
  return finished;
}

async function findLexemes(
  db: Db,
  dictionary: string,
  passages: readonly PassageWords[],
): Promise<ReadonlyMap<string, string | null>> {
  const words = new Set<string>();
  const kept = new Set<string>();
  for (const { headings, text, kept: ofPassage } of passages) {
    for (const word of headings.keys()) words.add(word);
    for (const word of text.keys()) words.add(word);
    for (const word of ofPassage) kept.add(word);
  }
  const lexemes = new Map(await stemWords(db, dictionary, words.difference(kept)));
  for (const word of kept) lexemes.set(word, foldAccents(word));
  return lexemes;
}

/** What can't be stored fails alone, and is noted as a page without passages, so that it is not tried for ever. */
async function storeWhatCanBe(
  db: Db,
  websiteId: string,
  batch: readonly PageBatch[],
  now: Date,
): Promise<StoredCounts | undefined> {
  try {
    return await storeBatch(db, websiteId, batch, now);
  } catch (error) {
    if (!isBadValue(error)) throw error;
    const [first, ...others] = batch;
    if (!first) throw error;
    if (others.length > 0) {
      const total = noCounts();
      for (const each of batch) {
        const counts = await storeWhatCanBe(db, websiteId, [each], now);
        if (!counts) return undefined;
        addCounts(total, counts);
      }
      return total;
    }
    const bare = first.versions.map((version) => ({ ...version, summary: null, breadcrumbs: [], passages: [] }));
    return storeBatch(db, websiteId, [{ ...first, versions: bare }], now);
  }
}

/** Where a page's further versions go on from. */
function noteIndexed(batch: readonly PageBatch[]): void {
  for (const { page, versions } of batch) {
    const last = versions.at(-1);
    if (last) page.indexed = { documentId: last.id, version: last.version };
  }
}

/** Keeps what the index has of the website, and that it is up to all that was stored before. */
async function noteWebsite(db: Db, websiteId: string, indexedAt: Date, isChanged: boolean): Promise<void> {
  if (!isChanged) {
    const noted = await db
      .update(indexedWebsites)
      .set({ indexedAt })
      .where(eq(indexedWebsites.websiteId, websiteId))
      .returning({ id: indexedWebsites.websiteId });
    if (noted.length > 0) return;
  }
  const result = await db.execute(sql`
    select language, count(*)::integer as pages, sum(passages)::integer as passages from ${indexedPages}
    where website_id = ${websiteId}::uuid group by language`);
  const dictionaries: Record<string, number> = {};
  let [pages, passages] = [0, 0];
  for (const row of rowsOf<{ language: string | null; pages: number; passages: number }>(result)) {
    pages += row.pages;
    passages += row.passages;
    const dictionary = dictionaryOf(row.language);
    if (row.passages > 0) dictionaries[dictionary] = (dictionaries[dictionary] ?? 0) + row.passages;
  }
  const set = { pages, passages, dictionaries, indexedAt };
  await db
    .insert(indexedWebsites)
    .select(sql`select ${websiteId}::uuid, ${pages}::integer, ${passages}::integer, ${JSON.stringify(dictionaries)}::text::jsonb,
      ${indexedAt.toISOString()}::timestamptz from ${websites} where id = ${websiteId}::uuid`)
    .onConflictDoUpdate({ target: indexedWebsites.websiteId, set });
}
