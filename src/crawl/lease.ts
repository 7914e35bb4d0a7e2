import { and, eq, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { tellStarted } from "./conclusion-events.ts";
import type { Crawl } from "./crawls.ts";
import { freeAllHosts } from "./host-leases.ts";
import { workedTime } from "./slices.ts";

/** How long a command that died keeps others from its crawl; a living one renews well before. */
export const LEASE_MS = 30_000;

/** The crawl or the host was handed to another worker, cancelled or deleted meanwhile: nothing of it was stored. */
export class LeaseLostError extends Error {
  constructor(crawlId: string) {
    super(`Crawl ${crawlId} is no longer worked by this process`);
    this.name = "LeaseLostError";
  }
}

const isOwnedBy = (id: string, owner: string) => and(eq(crawlJobs.id, id), eq(crawlJobs.leaseOwner, owner));

/** Takes a crawl that waits, or whose worker let its lease run out; `undefined` if it is not to be had. */
export async function takeLease(db: Db, id: string, owner: string, clock: Clock): Promise<Crawl | undefined> {
  const now = clock.now();
  return db.transaction(async (tx) => {
    const isIt = eq(crawlJobs.id, id);
    const [before] = await tx.select({ startedAt: crawlJobs.startedAt }).from(crawlJobs).where(isIt).for("update");
    const crawl = await takeLocked(tx, id, owner, now);
    if (crawl && before?.startedAt === null) await tellStarted(tx, crawl);
    return crawl;
  });
}

async function takeLocked(tx: Db, id: string, owner: string, now: Date): Promise<Crawl | undefined> {
  const [crawl] = await tx
    .update(crawlJobs)
    .set({
      state: "running",
      leaseOwner: owner,
      leasedUntil: new Date(now.getTime() + LEASE_MS),
      startedAt: sql`coalesce(${crawlJobs.startedAt}, ${now.toISOString()}::timestamptz)`,
      ...workedTime,
    })
    .where(
      and(
        eq(crawlJobs.id, id),
        inArray(crawlJobs.state, ["queued", "running"]),
        or(isNull(crawlJobs.leaseOwner), lt(crawlJobs.leasedUntil, now)),
      ),
    )
    .returning();
  return crawl;
}

/** Keeps the lease and counts the time worked; `undefined` when the crawl is not this owner's any more. */
export async function renewLease(db: Db, id: string, owner: string, clock: Clock): Promise<Crawl | undefined> {
  const [crawl] = await db
    .update(crawlJobs)
    .set({ leasedUntil: new Date(clock.now().getTime() + LEASE_MS), ...workedTime })
    .where(isOwnedBy(id, owner))
    .returning();
  return crawl;
}

/** Counts the time that a crawl was worked by anybody; `undefined` when it was deleted. */
export async function countWork(db: Db, id: string): Promise<Crawl | undefined> {
  const [crawl] = await db.update(crawlJobs).set(workedTime).where(eq(crawlJobs.id, id)).returning();
  return crawl;
}

/** Lets go of a crawl, and leaves it in a state, unless somebody else has set another meanwhile. */
export async function releaseLease(db: Db, id: string, owner: string, state: Crawl["state"]): Promise<void> {
  await db
    .update(crawlJobs)
    .set({
      leaseOwner: null,
      leasedUntil: null,
      state: sql`case when ${crawlJobs.state} = 'running' then ${state} else ${crawlJobs.state} end`,
      ...workedTime,
    })
    .where(isOwnedBy(id, owner));
}

/** Frees every lease. Only where no other process can be alive, as with the embedded database. */
export async function freeAllLeases(db: Db): Promise<void> {
  await freeAllHosts(db);
  await db
    .update(crawlJobs)
    .set({ leaseOwner: null, leasedUntil: null })
    .where(sql`${crawlJobs.leaseOwner} is not null`);
}
