import { and, asc, desc, eq, gt, inArray, lt, not, or, sql } from "drizzle-orm";
import { isInDailySample } from "../changes/daily-sample.ts";
import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { crawlJobs, frontier } from "../db/schema/crawls.ts";
import { pages } from "../db/schema/pages.ts";
import type { Crawl } from "./crawls.ts";
import { type DueSelection, openDueSelection } from "./due-pages.ts";
import { type NewUrl, toNewUrl } from "./frontier.ts";
import type { Session } from "./session.ts";
import { readSitemaps } from "./sitemap.ts";

/** URLs of one insert. */
const BATCH = 500;

/**
 * Adds what the crawl should visit besides its start URLs, while those are fetched already: the pages that the website
 * had before, since an unchanged page is not read again for its links, and what its sitemaps name. Safe to repeat.
 * @throws the reason of `signal`, by which it is to stop, or what the database does
 */
export async function seedFrontier(session: Session, signal = session.stopping): Promise<void> {
  const { context, crawl } = session;
  if (crawl.isSeeded) return;
  // Sitemaps first, since they say more of a page than that it was known.
  const due = crawl.selection === "due" ? await openDueSelection(session) : undefined;
  await seedFromSitemaps(session, signal, due);
  if (due) await due.seed(signal);
  else {
    await seedFromKnownPages(session, signal);
    await seedFromLastCrawl(session, signal);
  }
  if (signal.aborted && session.endReason === undefined) return;
  await session.throughOutage(() =>
    context.db.update(crawlJobs).set({ isSeeded: true }).where(eq(crawlJobs.id, crawl.id)),
  );
}

async function seedFromKnownPages(session: Session, signal: AbortSignal): Promise<void> {
  const { context, crawl } = session;
  let last: string | undefined;
  while (!signal.aborted && !session.hasPlenty) {
    const rows = await session.throughOutage(() => listKnownPages(context.db, crawl.websiteId, last));
    last = rows.at(-1)?.id;
    if (last === undefined) return;
    await addKnown(
      session,
      rows.filter((row) => row.state === "live" || row.state === "missing" || isLookedFor(row, context.clock)),
    );
  }
}

async function addKnown(session: Session, urls: readonly { url: string; depth: number }[]): Promise<void> {
  const known = urls.flatMap(({ url, depth }) => {
    const weighed = session.discovery.weigh(url, depth);
    return "url" in weighed ? [toNewUrl(weighed.url, { depth, source: "known" })] : [];
  });
  await session.addFound(known);
}

/** One of so many pages that were told as removed is looked for, others each day. */
const LOOKED_FOR = 5;

function isLookedFor({ urlHash, status }: { urlHash: string; status: number }, { now }: Clock): boolean {
  // It answers; what is missing is a link to it, which is not found by asking.
  if (status < 300) return false;
  return isInDailySample(urlHash, now(), LOOKED_FOR);
}

function listKnownPages(db: Db, websiteId: string, after: string | undefined) {
  const { id, url, urlHash, depth, state, status } = pages;
  return db
    .select({ id, url, urlHash, depth, state, status })
    .from(pages)
    .where(and(eq(pages.websiteId, websiteId), after ? gt(id, after) : undefined))
    .orderBy(asc(id))
    .limit(BATCH);
}

/**
 * What the crawl before left undone, and what failed there: the pages that led to it may be unchanged, and then they are
 * not read for their links again. A link that has led to nothing is tried once more, and then left to whoever links anew.
 */
async function seedFromLastCrawl(session: Session, signal: AbortSignal): Promise<void> {
  const { context, crawl } = session;
  const { db } = context;
  const before = await session.throughOutage(() => findLastCrawl(db, crawl));
  let after: number | undefined;
  while (before && !signal.aborted && !session.hasPlenty) {
    const rows = await session.throughOutage(() => listUndone(db, before, after));
    after = rows.at(-1)?.seq;
    if (after === undefined) return;
    await addKnown(session, rows);
  }
}

async function findLastCrawl(db: Db, { id, websiteId }: Crawl): Promise<string | undefined> {
  const isEarlier = and(eq(crawlJobs.websiteId, websiteId), lt(crawlJobs.id, id), eq(crawlJobs.selection, "all"));
  const [last] = await db
    .select({ id: crawlJobs.id })
    .from(crawlJobs)
    .where(isEarlier)
    .orderBy(desc(crawlJobs.id))
    .limit(1);
  return last?.id;
}

/** What says that there is no such page. */
const GONE = ["http_404", "http_410", "soft_404"];
/** Why a URL was skipped that may not be the next time. */
const PASSING = ["limit", "host_stopped"];

function listUndone(db: Db, crawlId: string, after: number | undefined) {
  const { seq, url, depth, state, outcome, source } = frontier;
  const isTriedTwice = and(eq(source, "known"), inArray(outcome, GONE));
  const isUndone = or(
    eq(state, "pending"),
    and(eq(state, "failed"), not(isTriedTwice ?? sql`false`)),
    and(eq(state, "skipped"), inArray(outcome, PASSING)),
  );
  return db
    .select({ seq, url, depth })
    .from(frontier)
    .where(and(eq(frontier.crawlId, crawlId), isUndone, after ? gt(seq, after) : undefined))
    .orderBy(asc(seq))
    .limit(BATCH);
}

async function seedFromSitemaps(session: Session, signal: AbortSignal, due?: DueSelection): Promise<void> {
  const { context, crawl, options, discovery } = session;
  if (!options.sitemaps && options.sitemap_urls.length === 0) return;
  const cut: Record<string, number> = {};
  let batch: NewUrl[] = [];
  const add = (urls: NewUrl[]) => (due ? due.addListed(urls) : session.addFound(urls));
  const onProblem = (problem: { url: string; message: string }) =>
    context.log.info("sitemap not read", { crawlId: crawl.id, ...problem });
  const sitemaps = { urls: await listSitemaps(session, signal), fetch: context.fetch, signal, onProblem };
  for await (const { url, lastModifiedAt } of readSitemaps(sitemaps)) {
    if (signal.aborted) return;
    const weighed = discovery.weigh(url, 1);
    if ("reason" in weighed) cut[weighed.reason] = (cut[weighed.reason] ?? 0) + 1;
    else {
      const sitemapModifiedAt = lastModifiedAt === undefined ? undefined : new Date(lastModifiedAt);
      batch.push({ ...toNewUrl(weighed.url, { depth: 1, source: "sitemap" }), sitemapModifiedAt });
    }
    if (batch.length < BATCH) continue;
    await add(batch);
    batch = [];
    if (session.hasPlenty) break;
  }
  if (batch.length > 0) await add(batch);
  if (Object.keys(cut).length > 0) context.log.info("sitemap entries left out", { crawlId: crawl.id, ...cut });
}

/** Those that the options name, those of each start URL's robots.txt, and the place where many sites have one unsaid. */
async function listSitemaps({ context, crawl, options }: Session, signal: AbortSignal): Promise<string[]> {
  const urls = new Set(options.sitemap_urls);
  if (!options.sitemaps) return [...urls];
  for (const origin of new Set(crawl.seeds.map((seed) => new URL(seed).origin))) {
    const { sitemaps } = await context.robots.get(`${origin}/`, signal);
    for (const url of sitemaps) urls.add(url);
    urls.add(`${origin}/sitemap.xml`);
  }
  return [...urls];
}
