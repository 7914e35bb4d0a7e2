import type { Crawl } from "../../src/crawl/crawls.ts";
import type { Cluster } from "./cluster.ts";
import type { ServedHosts } from "./hosts.ts";
import type { RunningProcess } from "./processes.ts";
import { until } from "./until.ts";

export type FrozenCrawl = {
  crawl: Crawl;
  frozen: RunningProcess;
  /** URLs whose answers it had on the way when it stood still, and that others fetched meanwhile. */
  overtaken: string[];
  /** Until all of its hosts were asked by others. */
  takenOverMs: number;
};

/** Crawls while one worker stands still for longer than its leases, and goes on as if nothing had happened. */
export async function crawlThroughFreeze(cluster: Cluster, web: ServedHosts): Promise<FrozenCrawl> {
  const crawl = await cluster.crawl(web.start());
  const lastAgents = () => web.hosts.map(({ visits }) => visits.at(-1)?.agent);
  await until("all hosts are at work", () => web.visited > 3 * web.hosts.length && !lastAgents().includes(undefined));

  const frozen = await until("a worker waits for an answer", () => {
    const asked = web.hosts.find(({ visits }) => visits.at(-1)?.endedAt === Number.POSITIVE_INFINITY);
    const waiting = cluster.workers.find(({ name }) => name === asked?.visits.at(-1)?.agent);
    // Before the answer goes out.
    waiting?.freeze();
    return waiting;
  });
  const frozenAt = performance.now();
  const held = web.hosts.filter(({ visits }) => visits.at(-1)?.agent === frozen.name);
  const onTheWay = held.flatMap(({ name, visits }) => {
    const last = visits.at(-1);
    return last && last.endedAt > frozenAt ? [{ host: name, path: last.path, visits }] : [];
  });
  const isOvertaken = ({ path, visits }: (typeof onTheWay)[number]) =>
    visits.some((visit) => visit.path === path && visit.agent !== frozen.name);
  await until("others took over all of its hosts", () =>
    held.every(({ visits }) => visits.at(-1)?.agent !== frozen.name),
  );
  const takenOverMs = performance.now() - frozenAt;
  await until("others fetched what it had on the way", () => onTheWay.every(isOvertaken));
  frozen.thaw();

  return {
    crawl: await cluster.untilEnded(crawl),
    ...{ frozen, takenOverMs },
    overtaken: onTheWay.map(({ host, path }) => `http://${host}${path}`),
  };
}
