import { inArray, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { withLogFields } from "../telemetry/scope.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { parseTraceparent } from "../telemetry/trace-context.ts";
import type { Crawl } from "./crawls.ts";
import type { PageOutcome } from "./settle.ts";
import type { Visit } from "./visit-result.ts";

/**
 * Runs a crawl's work with its ids in every log line, in the trace of the request that asked for it, and tells how long it
 * took and what came of it.
 */
export function observeRun(telemetry: Telemetry, crawl: Crawl, run: () => Promise<Crawl>): Promise<Crawl> {
  const { id, websiteId, runner, apiKeyId } = crawl;
  const attributes = { "orbweaver.crawl.id": id, "orbweaver.website.id": websiteId, "orbweaver.crawl.runner": runner };
  const parent = parseTraceparent(crawl.traceContext);
  const startedAt = performance.now();
  const tell = (outcome: string) =>
    telemetry.observe("orbweaver.crawl.run.duration", { outcome }, (performance.now() - startedAt) / 1_000);
  return withLogFields({ crawlId: id, websiteId, keyId: apiKeyId ?? undefined }, () =>
    telemetry.span("crawl", { kind: "consumer", parent, attributes }, async (span) => {
      try {
        const ended = await run();
        const { state, done, failed } = ended;
        span.set({ "orbweaver.crawl.state": state, "orbweaver.crawl.done": done, "orbweaver.crawl.failed": failed });
        tell(state);
        return ended;
      } catch (error) {
        tell("error");
        throw error;
      }
    }),
  );
}

/** What of a crawl's counters are outcomes of URLs. */
const OUTCOMES = ["created", "changed", "unchanged", "redirected", "failed", "skipped"] as const;
type Outcome = PageOutcome | (typeof OUTCOMES)[number];

/**
 * Counts URLs by what came of them. It goes by the crawl's own counters, which the transactions that settle pages keep:
 * a visit that changed nothing, since another worker was faster, is not counted.
 */
export function createPageCount(telemetry: Telemetry, start: Crawl): (latest: Crawl, visits: readonly Visit[]) => void {
  let counted: Record<Outcome, number> = start;
  return (latest, visits) => {
    for (const outcome of OUTCOMES) {
      const more = latest[outcome] - counted[outcome];
      if (more > 0) telemetry.count("orbweaver.crawl.pages", { outcome }, more);
    }
    const retries = visits.filter(({ outcome }) => outcome.kind === "retry").length;
    if (retries > 0) telemetry.count("orbweaver.crawl.pages", { outcome: "retry" }, retries);
    counted = latest;
  };
}

const UNFINISHED = ["queued", "running", "paused"] as const;
/** Scrapes in quick succession, and the two metrics of one scrape, share an answer. */
const FRESH_MS = 2_000;

/** Tells how much work waits, of all processes together. Returns how to leave it. */
export function watchQueues(db: Db, telemetry: Telemetry): () => void {
  let asked: { at: number; answer: ReturnType<typeof readQueues> } | undefined;
  const read = () => {
    if (!asked || performance.now() - asked.at > FRESH_MS) asked = { at: performance.now(), answer: readQueues(db) };
    return asked.answer;
  };
  const leaveCrawls = telemetry.watch("orbweaver.queue.crawls", async () => {
    const rows = await read();
    return UNFINISHED.map((state) => ({
      labels: { state },
      value: rows.find((row) => row.state === state)?.crawls ?? 0,
    }));
  });
  const leaveUrls = telemetry.watch("orbweaver.queue.urls", async () => {
    const rows = await read();
    return [{ labels: {}, value: rows.reduce((sum, { urls }) => sum + urls, 0) }];
  });
  return () => {
    leaveCrawls();
    leaveUrls();
  };
}

async function readQueues(db: Db) {
  return db
    .select({
      state: crawlJobs.state,
      crawls: sql<number>`count(*)`.mapWith(Number),
      urls: sql<number>`coalesce(sum(${crawlJobs.pending}), 0)`.mapWith(Number),
    })
    .from(crawlJobs)
    .where(inArray(crawlJobs.state, [...UNFINISHED]))
    .groupBy(crawlJobs.state);
}
