import type { App } from "../app.ts";
import { type Clock, systemClock } from "../clock.ts";
import { withLogFields, withoutScope } from "../telemetry/scope.ts";
import { findMisfit, type JobData } from "./enqueue.ts";
import { type JobKind, PermanentError, Snooze } from "./kind.ts";
import { createProgress, type Progress } from "./progress.ts";
import { type QueueName, queueOf } from "./queues.ts";
import type { Attempt } from "./statements.ts";
import type { TakenJob } from "./taking.ts";

/** Why a job was told to end. */
export type EndReason = "cancelled" | "lost" | "stopping" | "timed out";

/** What came of an attempt. With `gone` it is no longer ours to settle. */
export type Outcome =
  | { type: "completed"; result: unknown }
  | { type: "failed"; error: unknown; isFinal: boolean }
  | { type: "snoozed"; delayMs: number }
  | { type: "handed back" }
  /** A kind that this version does not know. */
  | { type: "unknown"; error: Error }
  | { type: "gone"; reason: EndReason };

/** An attempt that this process makes. */
export type Run = Attempt & {
  queue: QueueName;
  data: JobData;
  key: string | null;
  priority: number;
  retryLimit: number;
  /** Seconds from when it was due, by the database's clock, to when it was taken. */
  waitedSeconds: number;
  startedAt: Date;
  readonly signal: AbortSignal;
  /** Only the first reason counts. */
  abort(reason: EndReason): void;
  whenAborted?: () => void;
  endReason(): EndReason | undefined;
  /** The outcome is being written down: heartbeats are over. */
  isSettling: boolean;
};

export function toRun(app: App, bossName: string, job: TakenJob): Run {
  let reason: EndReason | undefined;
  let controller: AbortController | undefined;
  const tell = () => controller?.abort(new DOMException(`The job was ended: ${reason}`, "AbortError"));
  return {
    ...{ id: job.id, bossName, retryCount: job.retryCount },
    queue: queueOf(bossName) as QueueName,
    data: job.data as JobData,
    ...{ key: job.key, priority: job.priority, retryLimit: job.retryLimit, waitedSeconds: job.waitedSeconds },
    startedAt: app.clock.now(),
    // Made for those that ask for it: of a short job it would be a good part of the cost.
    get signal() {
      if (!controller) {
        controller = new AbortController();
        if (reason) tell();
      }
      return controller.signal;
    },
    abort(why) {
      if (reason) return;
      reason = why;
      tell();
      this.whenAborted?.();
    },
    endReason: () => reason,
    isSettling: false,
  };
}

/** What doesn't end when it is told to is left to itself after so long. */
const END_GRACE_MS = 5_000;

/** Runs one attempt to its end, whatever that is; never throws. */
export async function runJob(app: App, kinds: ReadonlyMap<string, JobKind>, run: Run): Promise<Outcome> {
  const kind = kinds.get(run.data?.kind);
  const name = kind?.name ?? "unknown";
  const startedAt = performance.now();
  const fields = { jobId: run.id, kind: run.data?.kind, attempt: run.retryCount + 1 };
  const outcome = await withoutScope(() =>
    withLogFields(fields, async () => {
      const outcome = kind ? await attempt(app, kind, run) : unknownKind(run);
      tellOf(app, run, outcome);
      return outcome;
    }),
  );
  const labels = { kind: name, outcome: outcome.type };
  app.telemetry.observe("orbweaver.job.duration", labels, (performance.now() - startedAt) / 1_000);
  return outcome;
}

function unknownKind({ data }: Run): Outcome {
  return { type: "unknown", error: new PermanentError(`This version knows no kind of job named ${data?.kind}`) };
}

async function attempt(app: App, kind: JobKind, run: Run): Promise<Outcome> {
  const misfit = findMisfit(kind, run.data.payload);
  if (misfit !== undefined) {
    return { type: "failed", error: new PermanentError(`The payload does not fit any more, ${misfit}`), isFinal: true };
  }
  let progress: Progress | undefined;
  const stopTimer = startTimer(app.clock, kind.timeoutSeconds * 1_000, () => run.abort("timed out"));
  const leaving = leaveToItself(run);
  const options = { kind: "consumer", attributes: { "job.id": run.id, "job.attempt": run.retryCount + 1 } } as const;
  const work = app.telemetry.span(`job ${kind.name}`, options, () =>
    kind.run(app, run.data.payload, {
      id: run.id,
      attempt: run.retryCount + 1,
      attemptsLeft: Math.max(0, run.retryLimit - run.retryCount),
      get signal() {
        return run.signal;
      },
      progress: (value) => {
        progress ??= createProgress(app.db, app.clock, run.id);
        progress.keep(value);
      },
    }),
  );
  try {
    return toOutcome(run, kind, await Promise.race([work, leaving.left]));
  } catch (error) {
    return toFailure(run, kind, error);
  } finally {
    work.catch(() => {});
    stopTimer();
    leaving.stop();
    await progress?.close().catch((error: unknown) => app.log.warn("job progress not written", { error }));
  }
}

/** Returns how to stop it. A plain timer where that will do: to abort a sleep costs as much as a short job. */
function startTimer(clock: Clock, ms: number, run: () => void): () => void {
  if (clock === systemClock) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  }
  const stopping = new AbortController();
  clock.sleep(ms, stopping.signal).then(run, () => {});
  return () => stopping.abort();
}

/** Rejects some time after the job was told to end. In real time, since code that hangs knows no other. */
function leaveToItself(run: Run): { left: Promise<never>; stop(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  let stop = () => {};
  run.whenAborted = () => {
    stop = startTimer(systemClock, END_GRACE_MS, () => reject(run.signal.reason));
  };
  if (run.endReason()) run.whenAborted();
  return {
    left: promise,
    stop: () => {
      run.whenAborted = undefined;
      stop();
    },
  };
}

function toOutcome(run: Run, kind: JobKind, result: unknown): Outcome {
  const reason = run.endReason();
  if (reason === "cancelled" || reason === "lost") return { type: "gone", reason };
  if (reason === "timed out") return timedOut(kind);
  if (result instanceof Snooze) return { type: "snoozed", delayMs: result.delayMs };
  return { type: "completed", result };
}

function toFailure(run: Run, kind: JobKind, error: unknown): Outcome {
  const reason = run.endReason();
  if (reason === "cancelled" || reason === "lost") return { type: "gone", reason };
  if (reason === "timed out") return timedOut(kind);
  // Being told to end is no fault of its own; a permanent error is, whenever it comes.
  if (reason === "stopping" && !(error instanceof PermanentError)) return { type: "handed back" };
  return { type: "failed", error, isFinal: error instanceof PermanentError };
}

const timedOut = ({ timeoutSeconds }: JobKind): Outcome => ({
  type: "failed",
  error: new Error(`Timed out after ${timeoutSeconds} s`),
  isFinal: false,
});

function tellOf({ log }: App, { endReason }: Run, outcome: Outcome): void {
  if (outcome.type === "failed") log.warn("job failed", { error: outcome.error, isFinal: outcome.isFinal });
  else if (outcome.type === "gone") log.info("job ended", { reason: outcome.reason });
  else if (outcome.type !== "unknown") log.debug("job done", { outcome: outcome.type, reason: endReason() });
}
