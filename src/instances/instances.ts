import { and, desc, eq, gt, isNull, lt, ne } from "drizzle-orm";
import type { InstanceRole } from "../config/roles.ts";
import type { Db } from "../db/db.ts";
import { instances } from "../db/schema/jobs.ts";

/** A process of the service, as its row tells. */
export type Instance = typeof instances.$inferSelect;

/** What a process writes of itself, again and again. */
export type Beat = Omit<typeof instances.$inferInsert, "createdAt"> & { id: string };

export const INSTANCE_STATES = ["alive", "stopping", "gone"] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

/** A process that was not seen for so long is taken for dead: some beats may be late or lost. */
export const GONE_AFTER_MS = 30_000;

export function stateOfInstance({ seenAt, stoppingAt }: Instance, now: Date): InstanceState {
  if (now.getTime() - seenAt.getTime() > GONE_AFTER_MS) return "gone";
  return stoppingAt ? "stopping" : "alive";
}

/** Newest first. */
export async function listInstances(
  db: Db,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<Instance[]> {
  return db
    .select()
    .from(instances)
    .where(after === undefined ? undefined : lt(instances.id, after))
    .orderBy(desc(instances.id))
    .limit(limit);
}

/** How many processes are alive and not about to end, by role. */
export async function countLiveInstances(db: Db, now: Date): Promise<Record<InstanceRole, number>> {
  const since = new Date(now.getTime() - GONE_AFTER_MS);
  const rows = await db
    .select({ roles: instances.roles })
    .from(instances)
    .where(and(gt(instances.seenAt, since), isNull(instances.stoppingAt)));
  const withRole = (role: InstanceRole) => rows.filter(({ roles }) => roles.includes(role)).length;
  return { api: withRole("api"), worker: withRole("worker"), scheduler: withRole("scheduler") };
}

/** Also when the row was taken away meanwhile, as that of a process which was held up for a day. */
export async function saveBeat(db: Db, beat: Beat): Promise<void> {
  const { url, load, seenAt, stoppingAt } = beat;
  await db
    .insert(instances)
    .values(beat)
    .onConflictDoUpdate({ target: instances.id, set: { url, load, seenAt, stoppingAt } });
}

export async function deleteInstance(db: Db, id: string): Promise<void> {
  await db.delete(instances).where(eq(instances.id, id));
}

/** For who knows by other means that all others are dead. */
export async function deleteOtherInstances(db: Db, id: string): Promise<void> {
  await db.delete(instances).where(ne(instances.id, id));
}
