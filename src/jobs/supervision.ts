import { systemClock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { endStuckSessions } from "../db/stuck-sessions.ts";
import { LOST_AFTER_SECONDS } from "./heartbeats.ts";
import type { Jobs } from "./jobs.ts";
import { createOutage } from "./outage.ts";
import { putBackLost } from "./statements.ts";

/** How often jobs of dead processes are looked for; where there is one process only, never. */
const LOST_EVERY_MS = 3_000;

/** How often pg-boss looks after time-outs and what need not be kept; a look costs the embedded store ten times as much. */
const UPKEEP_EVERY_MS = { postgres: 30_000, embedded: 180_000 };

/** Watches over the jobs of all processes. In real time, in which the database lives. Returns how to end it. */
export function startSupervision(db: Db, jobs: Jobs): () => Promise<void> {
  const stopping = new AbortController();
  const loops = [every(UPKEEP_EVERY_MS[jobs.kind], "upkeep", () => jobs.boss.supervise(), jobs, stopping.signal)];
  if (jobs.kind === "postgres") {
    const look = async () => {
      // First, since what a process that stands still has locked can't be given to another.
      const sessions = await endStuckSessions(db, { afterSeconds: LOST_AFTER_SECONDS });
      if (sessions > 0) jobs.log.warn("sessions of a process that stands still ended", { sessions });
      const queues = await putBackLost(db, jobs, { afterSeconds: LOST_AFTER_SECONDS });
      for (const queue of queues) {
        jobs.log.warn("jobs of a lost process put back", { queue });
        jobs.announce(queue);
      }
    };
    loops.push(every(LOST_EVERY_MS, "search for lost jobs", look, jobs, stopping.signal));
  }
  return async () => {
    stopping.abort();
    await Promise.all(loops);
  };
}

async function every(ms: number, what: string, run: () => Promise<unknown>, { log }: Jobs, signal: AbortSignal) {
  const texts = { failed: "supervision of jobs failed", works: "supervision of jobs succeeded again" };
  const outage = createOutage(log, texts, { what });
  // Processes that start together don't go on together.
  let delayMs = Math.random() * ms;
  while (!signal.aborted) {
    await systemClock.sleep(delayMs, signal).catch(() => {});
    delayMs = ms;
    if (signal.aborted) return;
    await run().then(outage.works, outage.failed);
  }
}
