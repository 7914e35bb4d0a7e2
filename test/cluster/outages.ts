import type { Crawl } from "../../src/crawl/crawls.ts";
import type { Cluster } from "./cluster.ts";
import type { ServedHosts } from "./hosts.ts";
import type { OwnPostgres, OwnRedis } from "./own-servers.ts";
import { until } from "./until.ts";

export type OutlivedCrawl = {
  crawl: Crawl;
  /** For each restart of the database: until pages were asked for again that had not been asked for before. */
  recoveryMs: number[];
};

/** Crawls while the database is restarted, once as after a crash, and Redis is away for a while. */
export async function crawlThroughOutages(
  cluster: Cluster,
  web: ServedHosts,
  servers: { database: OwnPostgres; redis: OwnRedis },
  { pages, withoutRedisMs, awayMs = 0 }: { pages: number; withoutRedisMs: number; awayMs?: number },
): Promise<OutlivedCrawl> {
  const untilShare = (share: number) => until("more is crawled", () => web.visited > pages * share);
  const recoveryMs: number[] = [];
  const back = async (isAway: Promise<void>) => {
    await isAway;
    const [backAt, visited] = [performance.now(), web.visited];
    // Near its end there may be fewer pages left than that.
    await until("the crawl goes on", () => web.visited > Math.min(visited + web.hosts.length, pages - 1));
    recoveryMs.push(performance.now() - backAt);
  };

  const crawl = await cluster.crawl(web.start());
  await untilShare(0.1);
  await back(servers.database.restart("immediate"));
  await untilShare(0.35);
  await servers.redis.cut();
  await Bun.sleep(withoutRedisMs);
  await untilShare(0.45);
  await servers.redis.start();
  await untilShare(0.6);
  await back(servers.database.restart("fast"));
  await untilShare(0.75);
  if (awayMs > 0) await back(servers.database.goAway(awayMs));
  return { crawl: await cluster.untilEnded(crawl), recoveryMs };
}
