import type { Static, TSchema } from "@sinclair/typebox";
import type { App } from "../app.ts";
import type { QueueName } from "./queues.ts";

/** When a failed attempt is followed by another, and when no more. */
export type RetryPolicy = {
  /** Attempts after the first. */
  limit: number;
  /** Before the first of them; doubled with each further one, with jitter, up to `maxDelaySeconds`. */
  delaySeconds: number;
  maxDelaySeconds: number;
};

/** A job while it runs. */
export type RunningJob = {
  id: string;
  /** From 1. */
  attempt: number;
  /** Attempts that are left after this one. */
  attemptsLeft: number;
  /** Aborted when it is cancelled, takes too long, was given to another process, or the process is to end. */
  signal: AbortSignal;
  /** Keeps how far it is, for people; the last call counts, and the database is told about once a second. */
  progress(value: Record<string, unknown>): void;
};

/**
 * One kind of job: a value of the file that holds what it does. Its payload is data that is checked against the schema
 * when it is enqueued and when it is run, never code.
 */
export type JobKind<Payload extends TSchema = TSchema> = {
  /** In kebab-case; it is stored, so that a change of it is a migration. */
  name: string;
  /** For people. */
  about: string;
  queue: QueueName;
  payload: Payload;
  retry: RetryPolicy;
  /** An attempt that takes longer is aborted and has failed. */
  timeoutSeconds: number;
  /** How long one that has ended is kept, to be looked at. */
  keepSeconds: number;
  /** While one of a key waits or runs, another of the same key is not made. */
  isUnique?: boolean;
  /**
   * The result is kept as JSON. What it throws is kept as the attempt's error, and is followed by another attempt, but for
   * a `PermanentError`. `Snooze` ends it and has another of the same payload run later, without that being an attempt.
   */
  run(app: App, payload: Static<Payload>, job: RunningJob): Promise<unknown>;
};

/** What is thrown when no further attempt would do better: the job goes to the dead letters at once. */
export class PermanentError extends Error {
  override name = "PermanentError";
}

/** What is returned by a job that has nothing to do yet. */
export class Snooze {
  constructor(readonly delayMs: number) {}
}

/** Gives the payload's type to `run`. */
export function defineJob<Payload extends TSchema>(kind: JobKind<Payload>): JobKind<Payload> {
  return kind;
}
