import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, min, or, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";
import { crawlHosts, crawlJobs, frontier, hosts } from "../db/schema/crawls.ts";
import { enqueue, enqueueMany } from "../jobs/enqueue.ts";
import { crawlClosing } from "./closing-job.ts";
import { tellStarted } from "./conclusion-events.ts";
import type { Crawl } from "./crawls.ts";
import { isDue } from "./frontier.ts";
import { freeHost, type HostClaim, isHeldBySame, takeHost } from "./host-leases.ts";
import type { HostPoliteness, KeptPoliteness } from "./host-politeness.ts";
import { crawlSlice } from "./slice-job.ts";

/**
 * How a crawl's hosts are shared out. A host of a crawl has at most one slice, the job whose id stands in its row; one
 * whose id does not stand there is late and does nothing. Where crawls meet on a host, one has the lease and the others
 * stand in line (`waits_since`), without a job: whoever lets go of the host makes the next one's. All that moves a slice
 * on is one transaction, which locks `hosts` before `crawl_hosts` before `crawl_jobs`.
 */
export type Slice = HostClaim;

/** Slices of one crawl that have their turn among those of all others; the rest goes when there is nothing else to do. */
const FRONT_SLICES = 16;
/** Slices of one crawl that wait or run at the same time; further hosts follow as these end. */
const MAX_SLICES = 256;

/**
 * Makes slices for hosts of a crawl that have work and no slice yet, the least served first. To be called in a
 * transaction.
 * @param only these hosts, any when absent
 */
export async function queueSlices(tx: Db, crawlId: string, only?: readonly string[]): Promise<void> {
  const isAsked = only === undefined ? sql`true` : sql`host in ${[...only]}`;
  const result = await tx.execute(sql`
    with open as (
      select count(*) as slices, count(*) filter (where slice_rank = 0) as front from ${crawlHosts}
      where crawl_id = ${crawlId} and slice_id is not null and rests_until is null
    ), picked as (
      select host, done from ${crawlHosts}
      where crawl_id = ${crawlId} and slice_id is null and waits_since is null and stop_reason is null and pending > 0
        and ${isAsked}
      order by done, host limit (select greatest(0, ${MAX_SLICES} - slices) from open) for update skip locked
    ), ranked as (
      select host, row_number() over (order by done, host) as place from picked
    )
    update ${crawlHosts} c set slice_id = gen_random_uuid(), rests_until = null,
      slice_rank = case when open.front + ranked.place <= ${FRONT_SLICES} then 0 else 1 end
    from ranked, open where c.crawl_id = ${crawlId} and c.host = ranked.host
    returning c.host, c.slice_id as id, c.slice_rank as rank`);
  const made = rowsOf<{ host: string; id: string; rank: number }>(result);
  if (made.length === 0) return;
  const jobs = made.map(({ host, id, rank }) => ({ id, payload: { crawlId, host }, priority: -rank }));
  await enqueueMany(tx, crawlSlice, jobs);
}

/** What became of a slice that wanted to begin. */
export type Beginning =
  /** It is not, or no longer, the one that is to work the host. */
  | { kind: "late" }
  /** Another process has it in hand, which was believed dead and is not; it will let go of it, or be dead indeed. */
  | { kind: "held" }
  /** Another crawl has the host; this one stands in line now. */
  | { kind: "waits" }
  | { kind: "works"; crawl: Crawl; politeness: KeptPoliteness | null; isFirst: boolean };

/** Takes the host for a slice, or has its crawl stand in line. Safe to repeat with the same slice. */
export async function beginSlice(db: Db, slice: Slice): Promise<Beginning> {
  const { crawlId, host, sliceId } = slice;
  const isIts = and(eq(crawlHosts.crawlId, crawlId), eq(crawlHosts.host, host), eq(crawlHosts.sliceId, sliceId));
  return db.transaction(async (tx) => {
    const [before] = await tx
      .select({ crawl: crawlJobs })
      .from(crawlHosts)
      .innerJoin(crawlJobs, eq(crawlJobs.id, crawlHosts.crawlId))
      .where(isIts);
    if (!before) return { kind: "late" };
    const taken = await takeHost(tx, slice);
    if (!taken && (await isHeldBySame(tx, slice))) return { kind: "held" };
    const change = taken ? {} : { sliceId: null, sliceRank: null, waitsSince: sql`clock_timestamp()` };
    // Whether it is still this one's is only certain with the host's row locked.
    const [own] = await tx
      .update(crawlHosts)
      .set({ restsUntil: null, ...change })
      .where(isIts)
      .returning();
    if (!own) {
      if (taken) await freeHost(tx, slice, undefined);
      return { kind: "late" };
    }
    if (!taken) {
      await queueSlices(tx, crawlId);
      return { kind: "waits" };
    }
    const crawl = isRunning(before.crawl) ? await noteBegin(tx, before.crawl) : before.crawl;
    return { kind: "works", crawl, politeness: taken.politeness, isFirst: before.crawl.startedAt === null };
  });
}

/** Whether it is to be worked: neither paused nor over, and no limit was reached. */
export const isRunning = ({ state, endReason }: Pick<Crawl, "state" | "endReason">) =>
  (state === "queued" || state === "running") && endReason === null;

/** Longer than between two notes of a crawl that is worked: what lies between was a rest, and does not count as work. */
const REST = sql`interval '15 seconds'`;

/** Counts the time since the crawl was last known to be worked. */
export const workedTime = {
  activeMs: sql`${crawlJobs.activeMs} + case when clock_timestamp() - ${crawlJobs.workedAt} between interval '0' and ${REST}
    then (extract(epoch from clock_timestamp() - ${crawlJobs.workedAt}) * 1000)::bigint else 0 end`,
  workedAt: sql`clock_timestamp()`,
};

async function noteBegin(tx: Db, crawl: Crawl): Promise<Crawl> {
  // Most slices find it running, and need not have everybody else wait for its row.
  if (crawl.state === "running" && crawl.workedAt !== null) return crawl;
  const [begun] = await tx
    .update(crawlJobs)
    .set({ state: "running", startedAt: sql`coalesce(${crawlJobs.startedAt}, clock_timestamp())`, ...workedTime })
    .where(and(eq(crawlJobs.id, crawl.id), eq(crawlJobs.state, crawl.state)))
    .returning();
  if (begun && crawl.startedAt === null) await tellStarted(tx, begun);
  return begun ?? crawl;
}

export type SliceEnd = {
  now: Date;
  politeness?: HostPoliteness;
  /** The host asks to be left alone until then. */
  restsUntil?: Date;
  /** The limit that was reached, which ends the crawl. */
  endReason?: string;
};

/**
 * Lets go of the host and moves on what waits for it: this crawl's next slice, another crawl's, or the crawl's end. In
 * one transaction, so that a process that dies has either done all of it or nothing.
 * @returns false when the lease was lost, so that all of this is somebody else's now
 */
export async function endSlice(db: Db, slice: Slice, end: SliceEnd): Promise<boolean> {
  const { crawlId, host, sliceId } = slice;
  const isIt = and(eq(crawlHosts.crawlId, crawlId), eq(crawlHosts.host, host));
  return db.transaction(async (tx) => {
    if (!(await freeHost(tx, slice, end.politeness))) return false;
    const [own] = await tx.select().from(crawlHosts).where(isIt).for("update");
    const next = await findWaiting(tx, host);
    if (own?.sliceId === sliceId) {
      if (end.endReason !== undefined) await noteEnd(tx, crawlId, end.endReason);
      const [crawl] = await tx.select().from(crawlJobs).where(eq(crawlJobs.id, crawlId));
      const isOn = crawl !== undefined && isRunning(crawl);
      const due = isOn && own.pending > 0 && own.stopReason === null ? await findDue(tx, slice, end, next) : "never";
      const line = due === "now" && next ? sql`clock_timestamp()` : null;
      await tx
        .update(crawlHosts)
        .set({ sliceId: null, sliceRank: null, restsUntil: null, waitsSince: line })
        .where(isIt);
      if (due instanceof Date) await queueResting(tx, slice, due);
      if (isOn) await queueSlices(tx, crawlId);
      if (crawl && (await isEnding(tx, crawl))) await queueClosing(tx, crawlId);
    }
    if (next) await giveTurn(tx, host, next);
    return true;
  });
}

/** Whether a crawl has nothing more to do, or is to do nothing more. */
export async function isEnding(tx: Db, { id, state, endReason, isSeeded }: Crawl): Promise<boolean> {
  if (state !== "queued" && state !== "running") return false;
  if (endReason !== null) return true;
  if (!isSeeded) return false;
  const hasWork = and(eq(crawlHosts.crawlId, id), gt(crawlHosts.pending, 0), isNull(crawlHosts.stopReason));
  const [open] = await tx.select({ host: crawlHosts.host }).from(crawlHosts).where(hasWork).limit(1);
  return open === undefined;
}

export async function queueClosing(tx: Db, crawlId: string): Promise<void> {
  await enqueue(tx, crawlClosing, { crawlId }, { key: crawlId });
}

/** Ends a crawl that has reached a limit: no slice goes on with it. The first reason stays. */
export async function noteEnd(tx: Db, crawlId: string, endReason: string): Promise<void> {
  await tx
    .update(crawlJobs)
    .set({ endReason })
    .where(
      and(eq(crawlJobs.id, crawlId), inArray(crawlJobs.state, ["queued", "running"]), isNull(crawlJobs.endReason)),
    );
}

/** Ends a crawl that our own errors keep from going on. */
export async function giveUpCrawl(db: Db, crawlId: string, message: string): Promise<void> {
  await db
    .update(crawlJobs)
    .set({ endReason: INTERNAL, lastError: { code: INTERNAL, message } })
    .where(and(eq(crawlJobs.id, crawlId), inArray(crawlJobs.state, ["queued", "running"])));
}

/** Why a crawl ended that was given up. */
export const INTERNAL = "internal";

/** Whether another crawl stands in line at a host. */
export async function isAwaited(db: Db, host: string): Promise<boolean> {
  const waits = and(eq(crawlHosts.host, host), isNotNull(crawlHosts.waitsSince));
  const [first] = await db.select({ crawlId: crawlHosts.crawlId }).from(crawlHosts).where(waits).limit(1);
  return first !== undefined;
}

/** How long a command has to notice that a host is free; nobody tells it. */
const COMMAND_TURN_MS = 2_000;

type Waiting = { crawlId: string; runner: Crawl["runner"] };

/** The crawl that stands first in line at a host. The host's row is locked, so that nobody joins or leaves meanwhile. */
async function findWaiting(tx: Db, host: string): Promise<Waiting | undefined> {
  const isAlive = or(eq(crawlJobs.runner, "service"), gt(crawlJobs.leasedUntil, sql`clock_timestamp()`));
  const [first] = await tx
    .select({ crawlId: crawlHosts.crawlId, runner: crawlJobs.runner })
    .from(crawlHosts)
    .innerJoin(crawlJobs, eq(crawlJobs.id, crawlHosts.crawlId))
    .where(
      and(
        eq(crawlHosts.host, host),
        isNotNull(crawlHosts.waitsSince),
        inArray(crawlJobs.state, ["queued", "running"]),
        isNull(crawlJobs.endReason),
        isAlive,
      ),
    )
    .orderBy(asc(crawlHosts.waitsSince))
    .limit(1);
  return first;
}

/** Has the crawl that stands first in line work the host. */
async function giveTurn(tx: Db, host: string, { crawlId, runner }: Waiting): Promise<void> {
  if (runner === "command") return;
  const id = Bun.randomUUIDv7();
  const given = await tx
    .update(crawlHosts)
    .set({ sliceId: id, sliceRank: 0, waitsSince: null })
    .where(and(eq(crawlHosts.crawlId, crawlId), eq(crawlHosts.host, host), isNotNull(crawlHosts.waitsSince)))
    .returning({ host: crawlHosts.host });
  if (given.length > 0) await enqueue(tx, crawlSlice, { crawlId, host }, { id });
}

/** Has the crawl that stands first in line work a host that nobody does. @returns whether there was one */
export async function wakeHost(db: Db, host: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    const isFree = or(isNull(hosts.leaseToken), lt(hosts.leasedUntil, sql`clock_timestamp()`));
    const [free] = await tx
      .select({ host: hosts.host })
      .from(hosts)
      .where(and(eq(hosts.host, host), isFree))
      .for("update");
    const next = free && (await findWaiting(tx, host));
    if (next) await giveTurn(tx, host, next);
    return next !== undefined;
  });
}

/** When the crawl has something to do at the host again. */
async function findDue(
  tx: Db,
  { crawlId, host }: Slice,
  { now, restsUntil }: SliceEnd,
  next: Waiting | undefined,
): Promise<"now" | "never" | Date> {
  const isIts = and(eq(frontier.crawlId, crawlId), eq(frontier.host, host), eq(frontier.state, "pending"));
  const [due] = await tx
    .select({ seq: frontier.seq })
    .from(frontier)
    .where(and(isIts, isDue(now)))
    .limit(1);
  const [later] = due
    ? []
    : await tx
        .select({ at: min(frontier.notBefore) })
        .from(frontier)
        .where(isIts);
  const first = due ? now : later?.at;
  if (!first) return "never";
  const turn = next?.runner === "command" ? now.getTime() + COMMAND_TURN_MS : 0;
  const at = new Date(Math.max(first.getTime(), restsUntil?.getTime() ?? 0, turn));
  return at > now ? at : "now";
}

/** A slice that is made now for later, so that the host is not forgotten. It takes nobody's place meanwhile. */
async function queueResting(tx: Db, { crawlId, host }: Slice, at: Date): Promise<void> {
  const id = Bun.randomUUIDv7();
  await tx
    .update(crawlHosts)
    .set({ sliceId: id, sliceRank: 0, restsUntil: at })
    .where(and(eq(crawlHosts.crawlId, crawlId), eq(crawlHosts.host, host)));
  await enqueue(tx, crawlSlice, { crawlId, host }, { id, startAt: at });
}

/** Has a crawl that was paused, or whose slices were lost, go on wherever it has work. To be called in a transaction. */
export async function requeueSlices(tx: Db, crawlId: string): Promise<void> {
  // Locked one after the other, so that a slice that ends at this moment either sees the crawl running, or is seen here.
  await tx
    .select({ host: crawlHosts.host })
    .from(crawlHosts)
    .where(eq(crawlHosts.crawlId, crawlId))
    .orderBy(asc(crawlHosts.host))
    .for("update");
  await tx
    .update(crawlHosts)
    .set({ waitsSince: null })
    .where(and(eq(crawlHosts.crawlId, crawlId), isNotNull(crawlHosts.waitsSince)));
  await queueSlices(tx, crawlId);
}

/** A command works a host: none of its slices is a job. @returns how the host was; `undefined` while it has to wait */
export async function enterHost(db: Db, slice: Slice): Promise<{ politeness: KeptPoliteness | null } | undefined> {
  const isIt = and(eq(crawlHosts.crawlId, slice.crawlId), eq(crawlHosts.host, slice.host));
  return db.transaction(async (tx) => {
    const taken = await takeHost(tx, slice);
    const waitsSince = taken ? null : sql`coalesce(${crawlHosts.waitsSince}, clock_timestamp())`;
    const isSo = taken ? isNotNull(crawlHosts.waitsSince) : isNull(crawlHosts.waitsSince);
    await tx.update(crawlHosts).set({ waitsSince }).where(and(isIt, isSo));
    return taken;
  });
}

/** A command lets go of a host; the crawl that stands first in line has it next. */
export async function leaveHost(db: Db, slice: Slice, politeness: HostPoliteness | undefined): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await freeHost(tx, slice, politeness))) return;
    const next = await findWaiting(tx, slice.host);
    if (next) await giveTurn(tx, slice.host, next);
  });
}
