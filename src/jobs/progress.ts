import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { jobProgress } from "../db/schema/jobs.ts";

type Value = Record<string, unknown>;

export type Progress = { keep(value: Value): void; close(): Promise<void> };

const EVERY_MS = 1_000;

/** Writes down how far a job is, at most once a second; the last value always. */
export function createProgress(db: Db, clock: Clock, jobId: string): Progress {
  const closing = new AbortController();
  let next: Value | undefined;
  let writing: Promise<void> | undefined;
  const write = async () => {
    const progress = next;
    next = undefined;
    if (!progress) return;
    const row = { progress, updatedAt: clock.now() };
    await db
      .insert(jobProgress)
      .values({ jobId, ...row })
      .onConflictDoUpdate({ target: jobProgress.jobId, set: row });
  };
  /** What can't be written is no reason for the job to fail; a later value may come through. */
  const go = async () => {
    while (next && !closing.signal.aborted) {
      await write().catch(() => {});
      await clock.sleep(EVERY_MS, closing.signal).catch(() => {});
    }
    writing = undefined;
  };
  return {
    keep: (value) => {
      next = value;
      writing ??= go();
    },
    close: async () => {
      closing.abort();
      await writing;
      await write();
    },
  };
}
