import { inArray, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { withLogFields, withSpan } from "../telemetry/scope.ts";
import type { Span, Telemetry } from "../telemetry/telemetry.ts";
import { parseTraceparent } from "../telemetry/trace-context.ts";
import type { Crawl } from "./crawls.ts";
import type { Outcomes } from "./settle.ts";
import type { Visit } from "./visit-result.ts";

/**
 * Runs a crawl's work with its ids in every log line, in the trace of the request that asked for it, and tells how long it
 * took and what came of it.
 */
export function observeRun(telemetry: Telemetry, crawl: Crawl, run: () => Promise<Crawl>): Promise<Crawl> {
  const startedAt = performance.now();
  const tell = (outcome: string) =>
    telemetry.observe("orbweaver.crawl.run.duration", { outcome }, (performance.now() - startedAt) / 1_000);
  return observePart(telemetry, crawl, "crawl", async (span) => {
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
  });
}

/** Runs a part of a crawl's work with its ids in every log line, in the trace of the request that asked for the crawl. */
export function observePart<T>(
  telemetry: Telemetry,
  crawl: Crawl,
  name: string,
  run: (span: Span) => Promise<T>,
): Promise<T> {
  const parent = parseTraceparent(crawl.traceContext);
  const { id, websiteId, runner } = crawl;
  const attributes = { "orbweaver.crawl.id": id, "orbweaver.website.id": websiteId, "orbweaver.crawl.runner": runner };
  return withLogFields(logFieldsOf(crawl), () => telemetry.span(name, { kind: "consumer", parent, attributes }, run));
}

/** Runs what belongs to a crawl and to none of its parts: with its ids in every log line, and in its trace. */
export function observeWork<T>(crawl: Crawl, run: () => T): T {
  const parent = parseTraceparent(crawl.traceContext);
  return withLogFields(logFieldsOf(crawl), () => (parent ? withSpan(parent, run) : run()));
}

const logFieldsOf = ({ id, websiteId, apiKeyId }: Crawl) => ({ crawlId: id, websiteId, keyId: apiKeyId ?? undefined });

/**
 * Counts URLs by what came of them, as far as the batch moved them: a visit that changed nothing, since another worker was
 * faster, is not counted.
 */
export function countPages(telemetry: Telemetry, outcomes: Outcomes, visits: readonly Visit[]): void {
  for (const [outcome, times] of Object.entries(outcomes)) {
    if (times > 0) telemetry.count("orbweaver.crawl.pages", { outcome }, times);
  }
  const retries = visits.filter(({ outcome }) => outcome.kind === "retry").length;
  if (retries > 0) telemetry.count("orbweaver.crawl.pages", { outcome: "retry" }, retries);
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
