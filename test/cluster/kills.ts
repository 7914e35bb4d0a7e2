import type { Crawl } from "../../src/crawl/crawls.ts";
import type { Cluster } from "./cluster.ts";
import type { ServedHosts } from "./hosts.ts";

export type Kill = { agent: string; at: number };

export type KilledCrawl = {
  crawl: Crawl;
  kills: Kill[];
  /** From its start to its end. */
  tookMs: number;
  /** Requests for pages that had been asked for before. */
  refetched: number;
  /**
   * How long hosts that a killed process had asked last were asked by nobody: the worst of each kill. Whoever took one
   * over may have been killed before it asked, too.
   */
  recoveryMs: number[];
};

/**
 * Crawls while workers are killed, one by chance at each of the given moments, and replaced at once as a process manager
 * would.
 */
export async function crawlThroughKills(
  cluster: Cluster,
  web: ServedHosts,
  moments: AsyncIterable<unknown>,
  { timeoutMs = 120_000, random = Math.random } = {},
): Promise<KilledCrawl> {
  const startedAt = performance.now();
  const kills: Kill[] = [];
  const replacements: Promise<unknown>[] = [];
  const crawl = await cluster.crawl(web.start());
  for await (const _ of moments) {
    const workers = cluster.workers;
    const victim = workers[Math.floor(random() * workers.length)];
    if (!victim) continue;
    kills.push({ agent: victim.name, at: performance.now() });
    await victim.kill();
    // One that is killed in its turn before it works is no fault.
    replacements.push(cluster.addWorker().catch(() => {}));
  }
  const ended = await cluster.untilEnded(crawl, timeoutMs);
  const tookMs = performance.now() - startedAt;
  await Promise.all(replacements);
  return {
    ...{ crawl: ended, kills, tookMs },
    refetched: web.requests - web.visited,
    recoveryMs: kills.map((kill) => recoveryOf(kill, web)).filter((ms) => ms !== undefined),
  };
}

/** `undefined` when it had no host that was asked again. */
function recoveryOf({ agent, at }: Kill, { hosts }: ServedHosts): number | undefined {
  const waits = hosts.flatMap(({ visits }) => {
    const next = visits.findIndex(({ startedAt }) => startedAt > at);
    const last = visits[next - 1];
    return last?.agent === agent ? [(visits[next]?.startedAt ?? at) - at] : [];
  });
  return waits.length === 0 ? undefined : Math.max(...waits);
}
