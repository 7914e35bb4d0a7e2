import { Cron } from "croner";
import { and, asc, eq, inArray, isNull, lt, or } from "drizzle-orm";
import type { App } from "./app.ts";
import { runCrawl } from "./crawl/engine.ts";
import { watchQueues } from "./crawl/observed-crawl.ts";
import type { CrawlContext } from "./crawl/session.ts";
import { crawlJobs } from "./db/schema/crawls.ts";
import { AppError } from "./errors.ts";
import { createPulse, type Pulse } from "./health/pulse.ts";
import { purgeDaily } from "./retention/daily.ts";
import { withoutScope } from "./telemetry/scope.ts";

export type Background = {
  /** Beats whenever crawls that wait have been looked for. */
  worker: Pulse;
  /** Beats at each tick of the clock that starts what is due. */
  scheduler: Pulse;
  /** Looks for work at once instead of at the next tick. */
  wake(): void;
  /** Stops all work so that it can be gone on with; resolves when nothing runs any more. */
  stop(): Promise<void>;
};

/** Times in a row that a crawl may end by an error of ours before it is given up. */
const MAX_FAILURES = 5;

/** What a crawl has in flight may finish for so long when the service stops; there must be time left to store it. */
const MAX_GRACE_MS = 5_000;

/** Works the service's crawls, those that a former process left unfinished included, and purges what is out of date. */
export function startBackground(app: App): Background {
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();
  const failures = new Map<string, number>();
  const worker = createPulse(app.clock);
  const scheduler = createPulse(app.clock);
  const leaveQueues = watchQueues(app.db, app.telemetry);
  const graceMs = Math.min(MAX_GRACE_MS, app.config.SHUTDOWN_TIMEOUT_MS / 3);
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const free = app.config.MAX_RUNNING_CRAWLS - running.size;
    if (free <= 0 || stopping.signal.aborted) return;
    for (const id of await listWaiting(app, free + running.size)) {
      if (stopping.signal.aborted || running.has(id) || running.size >= app.config.MAX_RUNNING_CRAWLS) continue;
      const work = workOn(id).finally(() => {
        running.delete(id);
        wake();
      });
      running.set(id, work);
    }
  }

  async function workOn(id: string): Promise<void> {
    try {
      await runCrawl(app, id, { signal: stopping.signal, graceMs });
      failures.delete(id);
    } catch (error) {
      // Another process was faster, or somebody deleted it meanwhile.
      if (error instanceof AppError && (error.reason === "conflict" || error.reason === "not_found")) return;
      const count = (failures.get(id) ?? 0) + 1;
      failures.set(id, count);
      app.log.error("crawl broke off", { crawlId: id, attempt: count, error });
      if (count >= MAX_FAILURES && (await giveUp(app, id).catch(() => false))) failures.delete(id);
    }
  }

  function wake(): void {
    if (stopping.signal.aborted) return;
    // Whoever tells of work is not whom it is done for.
    looking ??= withoutScope(look)
      .then(worker.beat)
      .catch((error) => app.log.warn("looking for crawls failed", { error }))
      .finally(() => {
        looking = undefined;
      });
  }

  const tick = new Cron("*/2 * * * * *", { unref: true }, () => {
    scheduler.beat();
    wake();
  });
  const stopPurging = purgeDaily(app);
  wake();
  return {
    worker,
    scheduler,
    wake,
    stop: async () => {
      tick.stop();
      stopping.abort(new DOMException("The service stops", "AbortError"));
      await looking;
      await Promise.allSettled([...running.values(), stopPurging()]);
      leaveQueues();
    },
  };
}

/** Crawls of the service that nobody works, the longest waiting first. */
async function listWaiting({ db, clock }: CrawlContext, limit: number): Promise<string[]> {
  const rows = await db
    .select({ id: crawlJobs.id })
    .from(crawlJobs)
    .where(
      and(
        eq(crawlJobs.runner, "service"),
        inArray(crawlJobs.state, ["queued", "running"]),
        or(isNull(crawlJobs.leaseOwner), lt(crawlJobs.leasedUntil, clock.now())),
      ),
    )
    .orderBy(asc(crawlJobs.id))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** False when the crawl does not wait to be worked, as when the database would not let go of it. */
async function giveUp({ db, clock }: App, id: string): Promise<boolean> {
  const lastError = { code: "internal", message: `Given up after ${MAX_FAILURES} errors in a row; the log has them` };
  const given = await db
    .update(crawlJobs)
    .set({ state: "failed", endReason: "internal", lastError, finishedAt: clock.now() })
    .where(and(eq(crawlJobs.id, id), eq(crawlJobs.state, "queued"), isNull(crawlJobs.leaseOwner)))
    .returning({ id: crawlJobs.id });
  return given.length > 0;
}
