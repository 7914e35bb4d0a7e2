import { type Cluster, openCluster } from "../cluster/cluster.ts";
import { type HostsShape, type ServedHosts, serveHosts } from "../cluster/hosts.ts";
import { type OwnPostgres, type OwnRedis, startOwnPostgres, startOwnRedis } from "../cluster/own-servers.ts";
import { studyTreatment } from "../cluster/politeness.ts";

/** What a proof measured, in words. */
export type Figures = Record<string, string | number>;

export type Place = { cluster: Cluster; database: OwnPostgres; redis: OwnRedis };

/** Hands in servers and workers of its own, and ends them afterwards. */
export async function inPlace<T>(
  { worker, workers = 4 }: { worker: readonly string[]; workers?: number },
  work: (place: Place) => Promise<T>,
): Promise<T> {
  const database = await startOwnPostgres();
  const redis = await startOwnRedis();
  let cluster: Cluster | undefined;
  try {
    cluster = await openCluster({ databaseUrl: database.url, redisUrl: redis.url, worker });
    const { addWorker } = cluster;
    await Promise.all(Array.from({ length: workers }, () => addWorker()));
    return await work({ cluster, database, redis });
  } finally {
    await cluster?.close();
    await database.stop();
    await redis.stop();
  }
}

/** Hands in served hosts, and stops them afterwards. */
export async function onHosts<T>(shape: HostsShape, work: (web: ServedHosts) => Promise<T>): Promise<T> {
  const web = serveHosts(shape);
  try {
    return await work(web);
  } finally {
    await web.stop();
  }
}

/** How the hosts were treated. @throws Error when two slices were at one host at once */
export function describeTreatment({ hosts, requests, visited }: ServedHosts, delayMs: number): Figures {
  const { mostOpen, trespasses, smallestGapMs, smallestHandoverMs, handovers, shareBelow } = studyTreatment(hosts);
  if (mostOpen > 1 || trespasses > 0)
    throw new Error(`A host had ${mostOpen} requests at once; ${trespasses} times from two processes`);
  const byAgent = Map.groupBy(
    hosts.flatMap(({ visits }) => visits),
    ({ agent }) => agent,
  );
  const shares = [...byAgent.values()].map(({ length }) => length).sort((one, other) => other - one);
  return {
    "requests by each of the busiest workers": shares.slice(0, 4).join(", "),
    "requests for pages": `${requests}, ${requests - visited} of them again`,
    "most requests a host had at once": mostOpen,
    "smallest gap between two": `${ms(smallestGapMs)} (delay ${delayMs} ms)`,
    [`gaps below ${delayMs * 0.9} and ${delayMs * 0.5} ms`]: `${percent(shareBelow(delayMs * 0.9))}, ${percent(shareBelow(delayMs * 0.5))}`,
    "hosts handed to another process": `${handovers} times, smallest gap ${ms(smallestHandoverMs)}`,
  };
}

export const ms = (value: number) => `${value.toFixed(0)} ms`;
export const seconds = (valueMs: number) => `${(valueMs / 1_000).toFixed(1)} s`;
export const percent = (share: number) => `${(share * 100).toFixed(2)} %`;

/** The middle one and the worst. */
export function describeSpread(valuesMs: readonly number[]): string {
  const sorted = valuesMs.toSorted((one, other) => one - other);
  if (sorted.length === 0) return "none";
  return `median ${seconds(sorted[sorted.length >> 1] ?? 0)}, worst ${seconds(sorted.at(-1) ?? 0)}`;
}
