import { and, asc, desc, eq, gt, inArray, isNotNull } from "drizzle-orm";
import { diffMarkdown } from "../changes/diff/block-diff.ts";
import type { TrackedWebsite } from "../changes/tracked-website.ts";
import { rulesFor, type Tracking, withoutNoise } from "../changes/tracking.ts";
import { hammingDistance } from "../content/fingerprint.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pages } from "../db/schema/pages.ts";

/** Rows of one query. */
const BATCH = 500;
/** Shorter texts are the same by chance. */
const LEAST_WORDS = 20;
/** Bits in which the SimHashes of nearly the same text may differ. */
const MAX_DISTANCE = 3;
/** Bits in which those may differ whose texts are worth comparing: of a short text, a counter turns over many. */
const MAX_DOUBTFUL_DISTANCE = 20;
/** Share of the text that may differ then, noise left out. */
const MAX_SHARE = 0.2;
/** Pairs of texts that are compared at the most. */
const MAX_TEXTS_COMPARED = 200;
/** Words that one text may have more than the other. */
const MAX_GROWTH = 1.2;
/** Parts of a SimHash: of two that differ in fewer bits than there are parts, one is the same in both. */
const PARTS = MAX_DISTANCE + 1;
const PART_BITS = 64n / BigInt(PARTS);
/** Old pages that one new page is compared with: the same text may stand on very many. */
const MAX_COMPARED = 50;

type Text = { id: string; url: string; title: string | null; contentHash: string; simhash: bigint; wordCount: number };

export type Twins = { oldId: string; newId: string; newUrl: string };

type Pair = Twins & { oldUrl: string; score: number; isSure: boolean };

/**
 * Finds old pages whose text is on a new page, the same or nearly: each once and the best first, which is the same text
 * before a similar one, then the same host, a similar path and the same title.
 * @param oldIds of pages that are not there any more
 */
export async function findTwins(
  db: Db,
  { id: websiteId, tracking }: Pick<TrackedWebsite, "id" | "tracking">,
  oldIds: readonly string[],
): Promise<Twins[]> {
  if (oldIds.length === 0) return [];
  const index = new Map<string, Text[]>();
  for (let start = 0; start < oldIds.length; start += BATCH) {
    const isOld = inArray(pages.id, oldIds.slice(start, start + BATCH));
    for (const text of await listTexts(db, isOld)) {
      for (const key of keysOf(text)) index.set(key, [...(index.get(key) ?? []).slice(0, MAX_COMPARED - 1), text]);
    }
  }
  if (index.size === 0) return [];
  const pairs: Pair[] = [];
  let after: string | undefined;
  do {
    const isNew = and(eq(pages.websiteId, websiteId), eq(pages.isNew, true), eq(pages.state, "live"));
    const batch = await listTexts(db, and(isNew, after ? gt(pages.id, after) : undefined));
    after = batch.length === BATCH ? batch.at(-1)?.id : undefined;
    for (const text of batch) pairs.push(...pairsOf(text, index));
  } while (after !== undefined);
  return pickBest(pairs, (pair) => isSimilar(db, tracking, pair));
}

/** As many pages as are looked for: it is memory that they take. */
const MAX_MISSING = 20_000;

/** Pages that are not there, but were not told as removed, the latest first. */
export async function listMissing(db: Db, websiteId: string): Promise<string[]> {
  const rows = await db
    .select({ id: pages.id })
    .from(pages)
    .where(and(eq(pages.websiteId, websiteId), eq(pages.state, "missing")))
    .orderBy(desc(pages.missingSince))
    .limit(MAX_MISSING);
  return rows.map(({ id }) => id);
}

function listTexts(db: Db, condition: ReturnType<typeof and>): Promise<Text[]> {
  const { id, url, title } = pages;
  const { contentHash, simhash, wordCount } = markdownDocuments;
  return db
    .select({ id, url, title, contentHash, simhash, wordCount })
    .from(pages)
    .innerJoin(markdownDocuments, eq(markdownDocuments.id, pages.documentId))
    .where(and(condition, isNotNull(pages.documentId)))
    .orderBy(asc(pages.id))
    .limit(BATCH);
}

function keysOf({ title, simhash, contentHash, wordCount }: Text): string[] {
  if (wordCount < LEAST_WORDS) return [];
  const bits = BigInt.asUintN(64, simhash);
  const parts = Array.from({ length: PARTS }, (_, part) =>
    BigInt.asUintN(Number(PART_BITS), bits >> (BigInt(part) * PART_BITS)),
  );
  return [contentHash, ...(title ? [`title:${title}`] : []), ...parts.map((value, part) => `${part}:${value}`)];
}

function pairsOf(text: Text, index: ReadonlyMap<string, Text[]>): Pair[] {
  const candidates = new Set(keysOf(text).flatMap((key) => index.get(key) ?? []));
  return [...candidates].flatMap((old) => {
    const likeness = compareTexts(old, text);
    return likeness ? [{ oldId: old.id, oldUrl: old.url, newId: text.id, newUrl: text.url, ...likeness }] : [];
  });
}

/** A greater score is better; `undefined` when the texts are not the same. */
function compareTexts(old: Text, text: Text): Pick<Pair, "score" | "isSure"> | undefined {
  if (old.id === text.id) return undefined;
  const isSame = old.contentHash === text.contentHash;
  const distance = isSame ? 0 : hammingDistance(old.simhash, text.simhash);
  const [less, more] = [Math.min(old.wordCount, text.wordCount), Math.max(old.wordCount, text.wordCount)];
  if (!isSame && (distance > MAX_DOUBTFUL_DISTANCE || more > less * MAX_GROWTH)) return undefined;
  const [from, to] = [new URL(old.url), new URL(text.url)];
  const likeness = (from.host === to.host ? 4 : 0) + 2 * pathLikeness(from, to) + (old.title === text.title ? 1 : 0);
  return { score: (isSame ? 300 : 250 - 10 * distance) + likeness, isSure: distance <= MAX_DISTANCE };
}

/** Share of the parts of two paths that they have in common, from the end, where a page's own name stands, and the start. */
function pathLikeness(a: URL, b: URL): number {
  const [one, other] = [a, b].map(({ pathname }) => new Set(pathname.split("/").filter((part) => part !== "")));
  if (!one || !other || one.size + other.size === 0) return 1;
  return one.intersection(other).size / one.union(other).size;
}

async function isSimilar(db: Db, tracking: Tracking, { oldId, oldUrl, newId, newUrl }: Pair): Promise<boolean> {
  const rows = await db
    .select({ id: pages.id, markdown: markdownDocuments.markdown })
    .from(pages)
    .innerJoin(markdownDocuments, eq(markdownDocuments.id, pages.documentId))
    .where(inArray(pages.id, [oldId, newId]));
  const textOf = (id: string, url: string) =>
    withoutNoise(rows.find((row) => row.id === id)?.markdown ?? "", rulesFor(tracking, url));
  return diffMarkdown(textOf(oldId, oldUrl), textOf(newId, newUrl)).summary.share <= MAX_SHARE;
}

async function pickBest(pairs: Pair[], confirm: (pair: Pair) => Promise<boolean>): Promise<Twins[]> {
  const taken = new Set<string>();
  // Equal ones in an order of their own, so that a conclusion that is begun again comes to the same.
  pairs.sort((a, b) => b.score - a.score || compare(a.oldId, b.oldId) || compare(a.newId, b.newId));
  const twins: Twins[] = [];
  let compared = 0;
  for (const pair of pairs) {
    const { oldId, newId, newUrl, isSure } = pair;
    if (taken.has(oldId) || taken.has(newId)) continue;
    if (!isSure && (compared++ >= MAX_TEXTS_COMPARED || !(await confirm(pair)))) continue;
    taken.add(oldId).add(newId);
    twins.push({ oldId, newId, newUrl });
  }
  return twins;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
