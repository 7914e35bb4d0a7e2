import { asc, eq, inArray } from "drizzle-orm";
import { systemClock } from "../../src/clock.ts";
import { fingerprint } from "../../src/content/fingerprint.ts";
import { type Conclusion, concludeCrawl } from "../../src/crawl/conclusion.ts";
import { type Crawl, readCrawl } from "../../src/crawl/crawls.ts";
import { toNewUrl } from "../../src/crawl/frontier.ts";
import { storePageLinks } from "../../src/crawl/page-links.ts";
import { hashUrl } from "../../src/crawl/url.ts";
import type { Db } from "../../src/db/db.ts";
import { crawlJobs, frontier } from "../../src/db/schema/crawls.ts";
import { markdownDocuments, pageChanges, pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { createLog } from "../../src/telemetry/log.ts";

/** What a URL answered in a crawl: well, with a failure's code, or that it is elsewhere. */
export type Answered =
  | "ok"
  | "new"
  | "spared"
  | { code: string; status?: number }
  | { to: string; status: number; isOutside?: boolean };

export const gone = (status: number): Answered => ({ code: `http_${status}`, status });
export const redirect = (status: number, to: string): Answered => ({ to, status });

const details = {
  ...{ authors: [], siteName: null, canonicalUrl: null, publishedAt: null, modifiedAt: null },
  ...{ openGraph: {}, jsonLd: [], images: [], tags: [], feeds: [], headings: [] },
};
const log = createLog("error", systemClock, () => {});
const DAY_MS = 86_400_000;

export type RecordedSite = Awaited<ReturnType<typeof recordSite>>;

/** A website whose pages and crawls are rows made here, as settled visits leave them. A day passes before each crawl. */
export async function recordSite(db: Db, host = `site-${Bun.randomUUIDv7()}.example`) {
  const origin = `https://${host}`;
  const [website] = await db
    .insert(websites)
    .values({ userId: LOCAL_USER_ID, url: `${origin}/`, name: host, baselineCrawlId: Bun.randomUUIDv7() })
    .returning();
  if (!website) throw new Error("No website");
  const websiteId = website.id;
  const isIts = eq(pages.websiteId, websiteId);
  let now = Date.parse("2026-03-01T12:00:00Z");
  const urlOf = (path: string) => new URL(path, origin).href;

  /** @param text none makes a page without a document */
  async function addPage(path: string, text = wordsOf(path), more: Partial<typeof pages.$inferInsert> = {}) {
    const url = urlOf(path);
    const at = new Date(now);
    const id = Bun.randomUUIDv7();
    const documentId = text === "" ? null : Bun.randomUUIDv7();
    const print = fingerprint(text);
    await db.insert(pages).values({
      ...{ id, websiteId, url, urlHash: hashUrl(url), host: new URL(url).host, path: new URL(url).pathname },
      ...{ status: 200, contentType: "text/html", title: path, documentId, version: documentId ? 1 : 0 },
      ...{ contentHash: print.contentHash, wordCount: print.wordCount },
      ...{ firstSeenAt: at, lastFetchedAt: at, lastChangedAt: at, ...more },
    });
    if (documentId) {
      const document = { id: documentId, pageId: id, version: 1, kind: "html" as const, markdown: text, details };
      await db.insert(markdownDocuments).values({ ...document, ...print, rawHash: "ab".repeat(32), fetchedAt: at });
    }
    return id;
  }

  async function setLinks(links: Record<string, string[]>) {
    const rows = await db.select({ id: pages.id, path: pages.path }).from(pages).where(isIts);
    const found = rows.map(({ id, path }) => ({
      pageId: id,
      urlHashes: (links[path] ?? []).map((target) => hashUrl(urlOf(target))),
    }));
    await db.transaction((tx) => storePageLinks(tx, found));
  }

  /** A crawl whose visits are settled and that nobody has concluded. */
  async function record(
    answers: Record<string, Answered>,
    more: Partial<typeof crawlJobs.$inferInsert> & { sitemap?: string[] } = {},
  ): Promise<Crawl> {
    now += DAY_MS + 1_000;
    const at = new Date(now);
    const { sitemap = [], ...columns } = more;
    const [crawl] = await db
      .insert(crawlJobs)
      .values({ websiteId, seeds: [`${origin}/`], options: {}, state: "running", isSeeded: true, ...columns })
      .returning();
    if (!crawl) throw new Error("No crawl");
    for (const [path, answered] of Object.entries(answers)) {
      const source = sitemap.includes(path) ? "sitemap" : path === "/" ? "seed" : "known";
      if (answered === "new") await addPage(path, wordsOf(path), { isNew: true });
      const row = { crawlId: crawl.id, ...toNewUrl(urlOf(path), { depth: 1, source }), settledAt: at };
      await db.insert(frontier).values({ ...row, ...describe(answered) });
      await settle(urlOf(path), answered, at);
    }
    return crawl;
  }

  function describe(answered: Answered): Partial<typeof frontier.$inferInsert> {
    if (answered === "ok") return { state: "done", outcome: "unchanged", status: 200 };
    if (answered === "new") return { state: "done", outcome: "created", status: 200 };
    if (answered === "spared") return { state: "done", outcome: "unchanged" };
    if ("code" in answered) return { state: "failed", outcome: answered.code, status: answered.status };
    const { to, status, isOutside } = answered;
    if (isOutside) return { state: "skipped", outcome: "scope", status, message: `Redirects to ${to}` };
    return { state: "done", outcome: "redirected", status, message: urlOf(to) };
  }

  async function settle(url: string, answered: Answered, at: Date) {
    const isWell = answered === "ok" || answered === "new";
    const status = typeof answered === "string" ? 200 : (answered.status ?? 200);
    const there = isWell ? { state: "live" as const, missingSince: null, missingVisits: 0, movedTo: null } : {};
    await db
      .update(pages)
      .set({ status, lastFetchedAt: at, ...there })
      .where(inArray(pages.urlHash, [hashUrl(url)]));
  }

  /** Concludes a crawl as its closing does, which it ends then. */
  async function conclude(crawl: Crawl): Promise<Conclusion> {
    const latest = await readCrawl(db, crawl.id);
    const conclusion = await concludeCrawl({ db, log }, latest ?? crawl, new Date(now));
    const ended = { state: "completed" as const, endReason: crawl.endReason ?? "done", finishedAt: new Date(now) };
    await db.update(crawlJobs).set(ended).where(eq(crawlJobs.id, crawl.id));
    return conclusion;
  }

  async function crawl(...[answers, more]: Parameters<typeof record>): Promise<Conclusion> {
    return conclude(await record(answers, more));
  }

  /** What was told, in order: kind, path and reason. */
  async function told(): Promise<string[]> {
    const rows = await db
      .select({ kind: pageChanges.kind, path: pages.path, reason: pageChanges.reason, to: pageChanges.toUrl })
      .from(pageChanges)
      .innerJoin(pages, eq(pages.id, pageChanges.pageId))
      .where(eq(pageChanges.websiteId, websiteId))
      .orderBy(asc(pageChanges.id));
    return rows.map(({ kind, path, reason, to }) =>
      [kind, path, ...(to ? [`to ${to.replace(origin, "")}`] : []), ...(reason ? [`(${reason})`] : [])].join(" "),
    );
  }

  async function pageAt(path: string) {
    const [page] = await db
      .select()
      .from(pages)
      .where(eq(pages.urlHash, hashUrl(urlOf(path))));
    return page;
  }

  const setTracking = (tracking: Record<string, unknown>) =>
    db.update(websites).set({ tracking }).where(eq(websites.id, websiteId));

  return { website, urlOf, addPage, setLinks, record, conclude, crawl, told, pageAt, setTracking };
}

/** A text of thirty words of its own. */
export function wordsOf(name: string, count = 30): string {
  return Array.from({ length: count }, (_, word) => `w${Bun.hash.crc32(`${name} ${word}`).toString(36)}`).join(" ");
}
