import type { App } from "../app.ts";
import { systemClock } from "../clock.ts";
import { afterCommit } from "../db/after-commit.ts";
import { isWorthWaiting, reconnectDelayMs } from "../db/connection-failure.ts";
import { jobFailures } from "../db/schema/jobs.ts";
import { createRedactor } from "../telemetry/redaction.ts";
import { createCompletions } from "./completions.ts";
import { insertAgain } from "./enqueue.ts";
import { jobsOf } from "./jobs.ts";
import type { JobKind } from "./kind.ts";
import type { Outcome, Run } from "./run.ts";
import { handBack, putOff, restoreAttempts, settledOf, useUpAttempts } from "./statements.ts";

export type Settler = {
  /** Writes an outcome down, and tries again for a while if the database is away. @returns whether it counted */
  settle(run: Run, outcome: Outcome): Promise<boolean>;
};

/** After that the job has long been given to another process. */
const GIVE_UP_AFTER_MS = 60_000;

/** When one that this version does not know is looked at again, by a newer one if there is one by then. */
const PUT_OFF_SECONDS = 30;

/** So long versions may differ. */
const MAX_PUT_OFF_SECONDS = 86_400;

/** Writes down what came of attempts; each only if it is still the one that counts. */
export function createSettler(app: App, kinds: ReadonlyMap<string, JobKind>): Settler {
  const { db, clock, log, instanceId } = app;
  const jobs = jobsOf(db);
  const complete = createCompletions(jobs.boss);

  const fail = (run: Run, error: unknown, isFinal: boolean) =>
    db.transaction(async (tx) => {
      const output = describe(error);
      if (isFinal) await useUpAttempts(tx, jobs, run);
      const settled = settledOf(await jobs.boss.fail(run.bossName, run, output, { db: jobs.within(tx) }));
      if (!settled.has(run.id)) return false;
      if (isFinal) await restoreAttempts(tx, jobs, run, run.retryLimit);
      const times = { startedAt: run.startedAt, failedAt: clock.now() };
      await tx
        .insert(jobFailures)
        .values({ jobId: run.id, attempt: run.retryCount + 1, instanceId, message: output.message, ...times })
        .onConflictDoNothing();
      const kind = kinds.get(run.data?.kind);
      const isLast = isFinal || run.retryCount >= run.retryLimit;
      if (kind && !isLast) afterCommit(tx, () => jobs.announce(run.queue, longestDelayMs(kind, run)));
      return true;
    });

  const snooze = (run: Run, delayMs: number) =>
    db.transaction(async (tx) => {
      const kind = kinds.get(run.data.kind) as JobKind;
      const id = Bun.randomUUIDv7();
      const snoozedUntil = new Date(clock.now().getTime() + delayMs);
      const output = { snoozedUntil: snoozedUntil.toISOString(), as: id };
      const settled = settledOf(await jobs.boss.complete(run.bossName, run, output, { db: jobs.within(tx) }));
      if (!settled.has(run.id)) return false;
      await insertAgain(tx, kind, { ...run, id, startAt: snoozedUntil });
      return true;
    });

  const strangers = new Set<string>();
  /** Leaves it to processes of a newer version, which are there while all are being replaced, but not for ever. */
  const leaveToOthers = async (run: Run, error: Error) => {
    const isLeft = await putOff(db, jobs, run, { bySeconds: PUT_OFF_SECONDS, withinSeconds: MAX_PUT_OFF_SECONDS });
    if (!isLeft) return fail(run, error, true);
    const kind = run.data?.kind;
    if (!strangers.has(kind)) log.warn("jobs of an unknown kind left to others", { kind, jobId: run.id });
    strangers.add(kind);
    return true;
  };

  const write = async (run: Run, outcome: Outcome): Promise<boolean> => {
    if (outcome.type === "completed") return complete(run, outcome.result);
    if (outcome.type === "failed") return fail(run, outcome.error, outcome.isFinal);
    if (outcome.type === "snoozed") return snooze(run, outcome.delayMs);
    if (outcome.type === "unknown") return leaveToOthers(run, outcome.error);
    if (outcome.type === "handed back") await handBack(db, jobs, run);
    return true;
  };

  return {
    settle: async (run, outcome) => {
      run.isSettling = true;
      const until = performance.now() + GIVE_UP_AFTER_MS;
      let left = outcome;
      for (let tries = 0; ; tries++) {
        try {
          const counted = await write(run, left);
          if (!counted) log.warn("job settled too late", { jobId: run.id, outcome: left.type });
          return counted;
        } catch (error) {
          if (!isAway(error)) {
            // What it brought can't be stored, of which it has failed. If that can't be either, it is run again.
            if (left.type === "failed") return giveUp(run, error);
            left = { type: "failed", error, isFinal: false };
            continue;
          }
          if (performance.now() > until) return giveUp(run, error);
          await systemClock.sleep(reconnectDelayMs(tries));
        }
      }
    },
  };

  function giveUp(run: Run, error: unknown): false {
    log.error("job not settled", { jobId: run.id, kind: run.data?.kind, error });
    return false;
  }
}

/** pg-boss waits between half of that and all of it. */
function longestDelayMs({ retry }: JobKind, { retryCount }: Run): number {
  return Math.min(retry.maxDelaySeconds, retry.delaySeconds * 2 ** (retryCount + 1)) * 1_000;
}

function isAway(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (isWorthWaiting(at)) return true;
  return false;
}

const MAX_MESSAGE = 2_000;

const redactor = createRedactor();

/** What may be shown of an error, and be stored. */
function describe(error: unknown): { name: string; message: string } {
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  const shown = redactor.text(message || name).replaceAll("\0", "");
  return { name, message: shown.length > MAX_MESSAGE ? `${shown.slice(0, MAX_MESSAGE)}…` : shown };
}
