import { and, eq, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import type { Crawl } from "./crawls.ts";

/** How long a worker that died keeps others from its crawl; a living one renews well before. */
export const LEASE_MS = 30_000;

/** The crawl was handed to another worker, cancelled or deleted meanwhile: nothing of the statement was stored. */
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
  const [crawl] = await db
    .update(crawlJobs)
    .set({
      state: "running",
      leaseOwner: owner,
      leasedUntil: new Date(now.getTime() + LEASE_MS),
      startedAt: sql`coalesce(${crawlJobs.startedAt}, ${now.toISOString()}::timestamptz)`,
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

/** Keeps the lease and adds to the time worked; `undefined` when the crawl is not this owner's any more. */
export async function renewLease(
  db: Db,
  id: string,
  owner: string,
  clock: Clock,
  workedMs: number,
): Promise<Crawl | undefined> {
  const [crawl] = await db
    .update(crawlJobs)
    .set({
      leasedUntil: new Date(clock.now().getTime() + LEASE_MS),
      activeMs: sql`${crawlJobs.activeMs} + ${Math.round(workedMs)}`,
    })
    .where(isOwnedBy(id, owner))
    .returning();
  return crawl;
}

/** Lets go of a crawl, with what it is to be from now on; a state that somebody else has set meanwhile stays. */
export async function releaseLease(
  db: Db,
  id: string,
  owner: string,
  change: Partial<Pick<Crawl, "endReason" | "finishedAt" | "lastError">> & { state?: Crawl["state"] },
): Promise<void> {
  const { state, ...rest } = change;
  await db
    .update(crawlJobs)
    .set({
      ...rest,
      leaseOwner: null,
      leasedUntil: null,
      ...(state
        ? { state: sql`case when ${crawlJobs.state} = 'running' then ${state} else ${crawlJobs.state} end` }
        : {}),
    })
    .where(isOwnedBy(id, owner));
}

/** Frees every lease. Only where no other process can be alive, as with the embedded database. */
export async function freeAllLeases(db: Db): Promise<void> {
  await db
    .update(crawlJobs)
    .set({ leaseOwner: null, leasedUntil: null })
    .where(sql`${crawlJobs.leaseOwner} is not null`);
}
