import { eq } from "drizzle-orm";
import { crawlJobs } from "../db/schema/crawls.ts";
import { type NewUrl, toNewUrl } from "./frontier.ts";
import type { Session } from "./session.ts";
import { readSitemaps } from "./sitemap.ts";

/** URLs of one insert. */
const BATCH = 500;

/** Adds what the website's sitemaps name to the frontier, while its pages are fetched already. Safe to repeat. */
export async function seedFromSitemaps(session: Session): Promise<void> {
  const { context, crawl, options, discovery, signal } = session;
  if (crawl.isSeeded) return;
  if (options.sitemaps || options.sitemap_urls.length > 0) {
    const cut: Record<string, number> = {};
    let batch: NewUrl[] = [];
    const onProblem = (problem: { url: string; message: string }) =>
      context.log.info("sitemap not read", { crawlId: crawl.id, ...problem });
    const { fetch, clock } = context;
    for await (const { url } of readSitemaps({ urls: await listSitemaps(session), fetch, signal, onProblem })) {
      if (session.isStopping) return;
      const weighed = discovery.weigh(url, 1);
      if ("reason" in weighed) cut[weighed.reason] = (cut[weighed.reason] ?? 0) + 1;
      else batch.push(toNewUrl(weighed.url, { depth: 1, source: "sitemap" }));
      if (batch.length < BATCH) continue;
      await session.addFound(batch);
      batch = [];
      if (session.hasPlenty) break;
    }
    if (batch.length > 0) await session.addFound(batch);
    context.log.debug("sitemaps read", { crawlId: crawl.id, at: clock.now(), cut });
  }
  await context.db.update(crawlJobs).set({ isSeeded: true }).where(eq(crawlJobs.id, crawl.id));
}

/** Those that the options name, those of each start URL's robots.txt, and the place where many sites have one unsaid. */
async function listSitemaps({ context, crawl, options, signal }: Session): Promise<string[]> {
  const urls = new Set(options.sitemap_urls);
  if (!options.sitemaps) return [...urls];
  for (const origin of new Set(crawl.seeds.map((seed) => new URL(seed).origin))) {
    const { sitemaps } = await context.robots.get(`${origin}/`, signal);
    for (const url of sitemaps) urls.add(url);
    urls.add(`${origin}/sitemap.xml`);
  }
  return [...urls];
}
