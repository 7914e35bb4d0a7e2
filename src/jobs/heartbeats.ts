import { systemClock } from "../clock.ts";
import type { Jobs } from "./jobs.ts";
import { createOutage } from "./outage.ts";
import type { Run } from "./run.ts";
import { settledOf } from "./statements.ts";

/** A process that has given no sign of life for so long is dead. */
export const LOST_AFTER_SECONDS = 9;

/** Nobody else can run a job of an embedded store, which is spared the writing. */
const EVERY_MS = { postgres: 3_000, embedded: 20_000 };

/** Tells the database that jobs are still being run. Returns how to end it. */
export function startHeartbeats(jobs: Jobs, running: () => Iterable<Run>): () => Promise<void> {
  const stopping = new AbortController();
  const outage = createOutage(jobs.log, {
    failed: "heartbeat of jobs failed",
    works: "heartbeat of jobs succeeded again",
  });
  const loop = async () => {
    while (!stopping.signal.aborted) {
      await systemClock.sleep(EVERY_MS[jobs.kind], stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      // While the database is away nobody can be given a job either.
      await refreshHeartbeats(jobs, running()).then(outage.works, outage.failed);
    }
  };
  const ended = loop();
  return async () => {
    stopping.abort();
    await ended;
  };
}

/** One statement for all of a queue; stops those that were cancelled or given to others. */
export async function refreshHeartbeats({ boss }: Jobs, running: Iterable<Run>): Promise<void> {
  for (const [bossName, runs] of Map.groupBy(running, (run) => run.bossName)) {
    const open = runs.filter((run) => !run.isSettling);
    if (open.length === 0) continue;
    const mine = settledOf(await boss.touch(bossName, open));
    for (const run of open) if (!mine.has(run.id) && !run.isSettling) run.abort("lost");
  }
}
