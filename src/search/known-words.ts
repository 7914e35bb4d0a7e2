import { inArray, type SQL, sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import { beginningWith, type Db, rowsOf } from "../db/db.ts";
import { type FoundExtension, findExtensions, nameIn, operatorIn } from "../db/extensions.ts";
import { namespaceOf } from "../db/namespace.ts";
import { indexedWebsites, passages, websiteWords } from "../db/schema/passages.ts";
import { websiteMarker } from "../passages/markers.ts";
import { countSlips } from "./misspellings.ts";
import { allOf, anyOf, quoteLexeme } from "./tsquery.ts";

const INDEX = "website_words_trigrams_idx";

/** The words of so many websites are looked up one by one, since the table is in the order of websites. */
const MAX_WEBSITES = 100;
/** Alike words that one statement gives. */
const MAX_ALIKE = 60;
/** Words that begin so which one statement gives. */
const MAX_BEGINNING = 50;
/**
 * How alike words must be, by their length: a slip changes three trigrams, and short words have few. Each step down finds
 * several times as many, so it is only taken where the one before found nothing that is a single slip away.
 */
const LEAST_SIMILARITIES = [
  { length: 5, steps: [0.2] },
  { length: 12, steps: [0.4, 0.2] },
  { length: Number.POSITIVE_INFINITY, steps: [0.5, 0.3] },
];
/** Where the index of trigrams is still to be made, each word is compared. */
const ALIKE_TIMEOUT_MS = 2_000;

/** The vocabulary of some websites; of all of them for `undefined`. */
export type VocabularyScope = readonly string[] | undefined;

/**
 * Makes the index by which alike words are found, once the database has the extension for it. Safe to repeat, and by any
 * number of instances at once: who comes second goes on without waiting. Words can't be stored while it is made.
 */
export async function createWordIndex({ db, clock }: { db: Db; clock: Clock }): Promise<void> {
  const trigrams = (await findExtensions(db, clock)).get("pg_trgm");
  if (!trigrams || (await hasIndex(db))) return;
  try {
    await db.transaction(async (tx) => {
      const result = await tx.execute(
        sql`select pg_try_advisory_xact_lock(hashtextextended('orbweaver words of websites', 0)) as is_ours`,
      );
      if (!rowsOf<{ is_ours: boolean }>(result)[0]?.is_ours) return;
      // Nobody would empty the list of what is yet to be put in, and each look would go through it.
      await tx.execute(sql`set local lock_timeout = '2s'`);
      await tx.execute(
        sql`create index if not exists ${sql.identifier(INDEX)} on ${websiteWords}
          using gin (word ${nameIn(trigrams, "gin_trgm_ops")}) with (fastupdate = off)`,
      );
    });
  } catch (error) {
    // Words are being stored: the next start or the next website's index makes it.
    if (codeOf(error) !== "55P03" && !isLacking(error)) throw error;
  }
}

async function hasIndex(db: Db): Promise<boolean> {
  const result = await db.execute(sql`
    select 1 from pg_catalog.pg_indexes where schemaname = ${namespaceOf(db)} and indexname = ${INDEX}`);
  return rowsOf(result).length > 0;
}

/** The extension by which alike words are found; `undefined` where it is missing. */
export async function findTrigrams({ db, clock }: { db: Db; clock: Clock }): Promise<FoundExtension | undefined> {
  return (await findExtensions(db, clock)).get("pg_trgm");
}

/** Those of some words that the vocabulary has as they are; none where there are too many websites to look at each. */
export async function findKnown(db: Db, scope: VocabularyScope, words: readonly string[]): Promise<Set<string>> {
  if (words.length === 0) return new Set();
  const websiteIds = scope ?? (await listWebsites(db));
  if (websiteIds.length === 0 || websiteIds.length > MAX_WEBSITES) return new Set();
  const result = await db.execute(sql`
    select distinct word from ${websiteWords}
    where ${inArray(websiteWords.websiteId, [...websiteIds])} and word = any(${toArray(words)})`);
  return new Set(rowsOf<{ word: string }>(result).map(({ word }) => word));
}

/** Some words of the vocabulary that begin so; none where there are too many websites to look at each. */
export async function listBeginning(db: Db, scope: VocabularyScope, beginning: string): Promise<string[]> {
  const websiteIds = scope ?? (await listWebsites(db));
  if (websiteIds.length === 0 || websiteIds.length > MAX_WEBSITES) return [];
  const result = await db.execute(sql`
    select distinct word from ${websiteWords}
    where ${inArray(websiteWords.websiteId, [...websiteIds])} and word like ${beginningWith(beginning)}
    limit ${MAX_BEGINNING}`);
  return rowsOf<{ word: string }>(result).map(({ word }) => word);
}

async function listWebsites(db: Db): Promise<string[]> {
  const { websiteId } = indexedWebsites;
  const rows = await db
    .select({ websiteId })
    .from(indexedWebsites)
    .limit(MAX_WEBSITES + 1);
  return rows.map((row) => row.websiteId);
}

/** Words of the vocabulary that look like one, likest first; nothing when the extension has just gone, or it took too long. */
export async function findAlike(
  db: Db,
  trigrams: FoundExtension,
  scope: VocabularyScope,
  word: string,
): Promise<{ word: string; similarity: number }[]> {
  const isMeant = scope && sql`and ${inArray(websiteWords.websiteId, [...scope])}`;
  const steps = LEAST_SIMILARITIES.find(({ length }) => word.length <= length)?.steps ?? [];
  let found: { word: string; similarity: number }[] = [];
  try {
    for (const least of steps) {
      // Or a savepoint, where this is a transaction already, which a failure would end.
      found = await db.transaction(async (tx) => {
        await tx.execute(
          sql`select set_config('pg_trgm.similarity_threshold', ${String(least)}, true), set_config('statement_timeout', ${String(ALIKE_TIMEOUT_MS)}, true)`,
        );
        const result = await tx.execute(sql`
          select word, max(${nameIn(trigrams, "similarity")}(word, ${word}))::float8 as similarity from ${websiteWords}
          where word ${operatorIn(trigrams, "%")} ${word}::text ${isMeant ?? sql``}
          group by word order by similarity desc, word limit ${MAX_ALIKE}`);
        return rowsOf<{ word: string; similarity: number }>(result);
      });
      if (found.some((each) => countSlips(word, each.word) <= 1)) return found;
    }
  } catch (error) {
    // Cancelled.
    if (!isLacking(error) && codeOf(error) !== "57014") throw error;
  }
  return found;
}

/** An undefined function, operator or file. */
const isLacking = (error: unknown) => /^(?:42883|42704|58P01)$/.test(codeOf(error));

const codeOf = (error: unknown) => (error as { cause?: { code?: string } }).cause?.code ?? "";

/** Which of some tsqueries no current passage matches, by their places in the list. */
export async function findUnmatched(
  db: Db,
  scope: VocabularyScope,
  tsqueries: readonly string[],
): Promise<Set<number>> {
  if (tsqueries.length === 0) return new Set();
  const isMarked = scope !== undefined && scope.length <= MAX_WEBSITES;
  const markers = isMarked ? anyOf(scope.map((id) => quoteLexeme(websiteMarker(id)))) : undefined;
  const narrowed = isMarked || scope === undefined ? sql`` : sql`and ${inArray(passages.websiteId, [...scope])}`;
  // Each by itself, so that the database knows what is looked for when it plans.
  const looks = tsqueries.map((tsquery, index) => {
    const text = allOf([markers, `(${tsquery})`]);
    return sql`select ${index}::integer as place where not exists (
      select 1 from ${passages} where to_at is null and terms @@ ${text}::tsquery ${narrowed})`;
  });
  return db.transaction(async (tx) => {
    // Of a word that many passages should have the planner expects to meet one soon, and goes through all of them when
    // none has it.
    await tx.execute(sql`select set_config('enable_seqscan', 'off', true)`);
    const result = await tx.execute(sql.join(looks, sql` union all `) satisfies SQL);
    return new Set(rowsOf<{ place: number }>(result).map(({ place }) => place));
  });
}

const toArray = (texts: readonly string[]) =>
  sql`array(select json_array_elements_text(${JSON.stringify(texts)}::text::json))`;
