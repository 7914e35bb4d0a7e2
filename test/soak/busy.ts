import { expect } from "bun:test";
import { join } from "node:path";
import { enqueueMany } from "../../src/jobs/enqueue.ts";
import { healthCheck } from "../../src/schedules/health-check.ts";
import { auditJobs, listAudited } from "../cluster/job-audit.ts";
import { workJobs } from "../cluster/jobs.ts";
import { expectAllOnce } from "../cluster/outcomes.ts";
import { createTraces, poison, probe } from "../cluster/probe-kinds.ts";
import { until } from "../cluster/until.ts";
import { describeTreatment, type Figures, inPlace, onHosts, seconds } from "./places.ts";

const JOBS = 2_000;
const POISONOUS = 100;
const CRAWLS = 50;
const PAGES = 40;
const DELAY_MS = 20;

/** Jobs that leave traces of their own, which the program has none of: four workers of tests. */
export function soakJobs(): Promise<Figures> {
  const worker = [process.execPath, join(import.meta.dir, "../cluster/worker.ts")];
  return inPlace({ worker }, async ({ cluster }) => {
    await createTraces(cluster.app.db);
    await auditJobs(cluster.app.db);
    const { jobs, traces, deadLetters, tookMs } = await workJobs(cluster, { count: JOBS, poisonous: POISONOUS });
    const good = jobs.filter(({ kind }) => kind === probe.name);
    const bad = jobs.filter(({ kind }) => kind === poison.name);

    expect(good.filter(({ state, taken, ended }) => state !== "completed" || taken !== 1 || ended !== 1)).toEqual([]);
    expect(traces.map(({ n }) => n)).toEqual(Array.from({ length: JOBS }, (_, n) => n));
    expect(bad.filter(({ state }) => state !== "failed")).toEqual([]);
    expect(deadLetters).toHaveLength(POISONOUS);
    const shares = Map.groupBy(traces, ({ agent }) => agent);
    return {
      "jobs done once each": `${good.length}, and ${bad.length} that can't be, in ${seconds(tookMs)}`,
      "dead letters that say why": deadLetters.filter(({ message }) => message.startsWith("this ")).length,
      "done by each worker": [...shares.values()].map(({ length }) => length).join(", "),
    };
  });
}

/** Jobs and crawls of the program itself. */
export function soakCrawls(binary: string): Promise<Figures> {
  return inPlace({ worker: [binary, "worker"] }, ({ cluster }) =>
    onHosts({ sites: CRAWLS, pages: PAGES, latencyMs: 2 }, async (web) => {
      const { db, clock } = cluster.app;
      await auditJobs(db);
      const startedAt = performance.now();
      const sites = Array.from({ length: CRAWLS }, (_, site) => site);
      const crawls = await Promise.all(
        sites.map((site) => cluster.crawl(web.start(site), { delay_ms: DELAY_MS, concurrency: 1 })),
      );
      const payload = { enqueuedAt: clock.now().toISOString() };
      const keys = Array.from({ length: JOBS }, (_, n) => ({ payload, key: `soak-${n}` }));
      const made = new Set(await enqueueMany(db, healthCheck, keys));
      const checks = await until(
        "all jobs have ended",
        async () => {
          const own = (await listAudited(db)).filter(({ id }) => made.has(id));
          return own.every(({ state }) => state === "completed") && own;
        },
        { timeoutMs: 300_000, everyMs: 200 },
      );
      const checkedMs = performance.now() - startedAt;
      const ended = await Promise.all(crawls.map((crawl) => cluster.untilEnded(crawl, 600_000)));
      const crawledMs = performance.now() - startedAt;

      expect(checks).toHaveLength(JOBS);
      expect(checks.filter(({ taken, ended }) => taken !== 1 || ended !== 1)).toEqual([]);
      for (const [site, crawl] of ended.entries()) await expectAllOnce(db, crawl, web.urls(site));
      const slices = (await listAudited(db)).filter(({ kind }) => kind === "crawl-slice");
      return {
        "jobs done once each": `${checks.length} in ${seconds(checkedMs)}`,
        "crawls done": `${ended.length} of ${PAGES} pages in ${seconds(crawledMs)}, by ${slices.length} slices`,
        ...describeTreatment(web, DELAY_MS),
      };
    }),
  );
}
