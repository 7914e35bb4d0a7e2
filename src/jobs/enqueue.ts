import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { JobInsert } from "pg-boss";
import { afterCommit } from "../db/after-commit.ts";
import type { Db } from "../db/db.ts";
import { AppError } from "../errors.ts";
import { type Jobs, jobsOf } from "./jobs.ts";
import type { JobKind } from "./kind.ts";
import { bossNameOf } from "./queues.ts";

export type EnqueueOptions = {
  /** A UUID; a job of this id that there is or was, as long as it is kept, is not made again. */
  id?: string;
  /** For kinds that are unique, and for `throttleSeconds`. */
  key?: string;
  /** At most one of a key in each span of so long, counted by the database's clock; the kind is kept as long. */
  throttleSeconds?: number;
  /** Higher goes first; 0 by default. */
  priority?: number;
  /**
   * It is not run before. How long that is by the process's clock is what the database waits by its own, so that clocks
   * need not agree.
   */
  startAt?: Date;
};

/** What is stored of a job as pg-boss's data. */
export type JobData = {
  kind: string;
  payload: unknown;
  /** By the clock of the process that made it. */
  startAt?: string;
};

/**
 * Makes a job, in the transaction if `db` is one: a row and its job commit together. Workers are told once it has
 * committed.
 * @returns its id; `undefined` when there is one of its id, key or span already
 * @throws AppError `invalid` for a payload that does not fit the kind's schema
 */
export async function enqueue<Payload extends TSchema>(
  db: Db,
  kind: JobKind<Payload>,
  payload: Static<Payload>,
  options: EnqueueOptions = {},
): Promise<string | undefined> {
  const [id] = await enqueueMany(db, kind, [{ payload, ...options }]);
  return id;
}

/** Makes jobs by one statement. @returns the ids of those that were made, in no order */
export async function enqueueMany<Payload extends TSchema>(
  db: Db,
  kind: JobKind<Payload>,
  list: readonly ({ payload: Static<Payload> } & EnqueueOptions)[],
): Promise<string[]> {
  if (list.length === 0) return [];
  const jobs = jobsOf(db);
  const inserts = list.map(({ payload, ...options }) => {
    refuseMisfit(kind, payload);
    return toInsert(jobs, kind, payload, options);
  });
  // That each was made is known where none can be in the way of another, and costs a tenth of a batch to be told.
  const returnId = list.some(({ id, key, throttleSeconds }) => (id ?? key ?? throttleSeconds) !== undefined);
  const told = await jobs.boss.insert(bossNameOf(kind.queue, kind), inserts, { db: jobs.within(db), returnId });
  const ids = returnId ? (told ?? []) : inserts.map(({ id }) => id);
  if (ids.length === 0) return [];
  const nowMs = jobs.clock.now().getTime();
  const delays = new Set(list.map(({ startAt }) => Math.max(0, (startAt?.getTime() ?? 0) - nowMs)));
  afterCommit(db, () => {
    for (const delayMs of delays) jobs.announce(kind.queue, delayMs);
  });
  return ids;
}

/** Makes a job of what another had, which was known to be right. */
export async function insertAgain(
  db: Db,
  kind: JobKind,
  { data, key, ...options }: { data: JobData; key: string | null } & Omit<EnqueueOptions, "key">,
): Promise<void> {
  const jobs = jobsOf(db);
  const { id, priority, startAt } = options;
  const job = toInsert(jobs, kind, data.payload, { id, priority, startAt, key: unscopeKey(kind.name, key) });
  await jobs.boss.insert(bossNameOf(kind.queue, kind), [job], { db: jobs.within(db) });
  const delayMs = (startAt?.getTime() ?? 0) - jobs.clock.now().getTime();
  afterCommit(db, () => jobs.announce(kind.queue, delayMs));
}

/** Where a payload does not fit the schema, and how; `undefined` if it does. */
export function findMisfit({ payload: schema }: JobKind, payload: unknown): string | undefined {
  if (Value.Check(schema, payload)) return undefined;
  const fault = Value.Errors(schema, payload).First();
  return `${fault?.path || "/"}: ${fault?.message ?? "does not fit"}`;
}

function refuseMisfit(kind: JobKind, payload: unknown): void {
  const misfit = findMisfit(kind, payload);
  if (misfit === undefined) return;
  const at = misfit.slice(0, misfit.indexOf(":"));
  throw new AppError("invalid", `A job ${kind.name} can't have this payload, ${misfit}`, {
    faults: [{ at, message: misfit.slice(at.length + 2) }],
  });
}

/** Kinds share a queue, and pg-boss knows keys by queue. */
function scopeKey(kind: string, key: string): string {
  return `${kind}/${key}`;
}

/** The key as it was given; `undefined` for none, and for the one that stands for none. */
export function unscopeKey(kind: string, stored: string | null): string | undefined {
  return stored?.startsWith(scopeKey(kind, "")) ? stored.slice(kind.length + 1) : undefined;
}

/** pg-boss's own time-out is for processes that no longer notice theirs. */
const TIMEOUT_MARGIN_SECONDS = 30;

function toInsert(
  { clock }: Jobs,
  kind: JobKind,
  payload: unknown,
  options: EnqueueOptions,
): JobInsert & { id: string } {
  const { id = Bun.randomUUIDv7(), key, throttleSeconds, priority, startAt } = options;
  const delayMs = startAt ? startAt.getTime() - clock.now().getTime() : 0;
  const data: JobData = { kind: kind.name, payload, ...(delayMs > 0 && { startAt: startAt?.toISOString() }) };
  return {
    ...{ id, data, priority },
    // A key of its own for what has none, since the empty one is a key too.
    singletonKey: key === undefined ? (kind.isUnique ? id : undefined) : scopeKey(kind.name, key),
    ...(throttleSeconds && { singletonSeconds: throttleSeconds }),
    ...(delayMs > 0 && { startAfter: delayMs / 1_000 }),
    retryLimit: kind.retry.limit,
    retryDelay: kind.retry.delaySeconds,
    retryBackoff: kind.retry.delaySeconds > 0,
    retryDelayMax: kind.retry.maxDelaySeconds,
    expireInSeconds: kind.timeoutSeconds + TIMEOUT_MARGIN_SECONDS,
    // 0 would keep it for ever.
    deleteAfterSeconds: Math.max(1, kind.keepSeconds),
  };
}
