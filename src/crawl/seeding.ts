import { and, asc, eq, gt, inArray } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { pages } from "../db/schema/pages.ts";
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
  await (due ? due.seed(signal) : seedFromKnownPages(session, signal));
  if (signal.aborted && session.endReason === undefined) return;
  await session.throughOutage(() =>
    context.db.update(crawlJobs).set({ isSeeded: true }).where(eq(crawlJobs.id, crawl.id)),
  );
}

async function seedFromKnownPages(session: Session, signal: AbortSignal): Promise<void> {
  const { context, crawl, discovery } = session;
  let last: string | undefined;
  while (!signal.aborted && !session.hasPlenty) {
    const rows = await session.throughOutage(() => listKnownPages(context.db, crawl.websiteId, last));
    last = rows.at(-1)?.id;
    if (last === undefined) return;
    const known = rows.flatMap(({ url, depth }) => {
      const weighed = discovery.weigh(url, depth);
      return "url" in weighed ? [toNewUrl(weighed.url, { depth, source: "known" })] : [];
    });
    await session.addFound(known);
  }
}

/** Pages that are removed for good are visited again only where something leads to them. */
const isThere = inArray(pages.state, ["live", "missing"]);

function listKnownPages(db: Db, websiteId: string, after: string | undefined) {
  return db
    .select({ id: pages.id, url: pages.url, depth: pages.depth })
    .from(pages)
    .where(and(eq(pages.websiteId, websiteId), isThere, after ? gt(pages.id, after) : undefined))
    .orderBy(asc(pages.id))
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
