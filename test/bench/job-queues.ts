import type { QueueName } from "../../src/jobs/queues.ts";

/** What is measured: our seam, or pg-boss as it is, over a server's database or a folder. */
export type QueueSpec = { kind: "seam" | "raw"; databaseUrl?: string; folder: string; redisUrl?: string };

export type Run = (n: number, signal: AbortSignal) => Promise<void>;

export type BenchQueue = {
  enqueue(n: number): Promise<void>;
  /** By one statement. */
  enqueueMany(from: number, count: number): Promise<void>;
  /** Runs jobs from now on, at most so many at a time. */
  work(limit: number, run: Run): Promise<void>;
  /** Takes and completes jobs in hundreds, by the calls that pg-boss's own workers consist of, until none is left. */
  drain?(): Promise<void>;
  /** Jobs that wait or run. */
  countUnfinished(): Promise<number>;
  /** Forgets all jobs; nothing may be running. */
  clear(): Promise<void>;
  close(): Promise<void>;
};

/** Namespace of the queue's tables, the same in either so that either is looked at alike. */
export const JOBS_NAMESPACE = "orbweaver_jobs";

/** Of short jobs. Those of long ones leave new jobs to less busy workers for some milliseconds. */
export const QUEUE: QueueName = "control";

export const COUNT_UNFINISHED = `select count(*)::int as count from ${JOBS_NAMESPACE}.job where state < 'completed'`;
export const CLEAR = `truncate ${JOBS_NAMESPACE}.job cascade`;

/** Each loaded by itself, so that neither costs the other's process anything. */
export async function openQueue(spec: QueueSpec): Promise<BenchQueue> {
  if (spec.kind === "seam") return (await import("./seam-queue.ts")).openSeam(spec);
  return (await import("./raw-queue.ts")).openRaw(spec);
}

/** As what a slice of a crawl is told. */
export const payloadOf = (n: number) => ({ n, host: `host-${n % 100}.example.com` });

export function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
