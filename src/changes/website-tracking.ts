import { and, eq, isNull } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import type { Db } from "../db/db.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { getWebsite } from "../websites/websites.ts";
import { readTracking, type Tracking, type TrackingRule } from "./tracking.ts";

/** With all defaults filled in. @throws AppError `not_found` */
export async function getTracking(db: Db, viewer: Viewer, websiteId: string): Promise<Tracking> {
  return readTracking((await getWebsite(db, viewer, websiteId)).tracking);
}

/**
 * Replaces all of it; what is not given is as by default. Visits from now on go by it.
 * @throws AppError `not_found`, or `invalid` with the place of each fault
 */
export async function setTracking(
  db: Db,
  viewer: Viewer,
  websiteId: string,
  given: Record<string, unknown>,
): Promise<Tracking> {
  const tracking = readTracking(given);
  const own = and(eq(websites.id, websiteId), isOwnedBy(viewer), isNull(websites.deletedAt));
  const [changed] = await db
    .update(websites)
    .set({ tracking: toDifferences(tracking) })
    .where(own)
    .returning({ id: websites.id });
  if (!changed) throw new AppError("not_found", `There is no website ${websiteId}`);
  return tracking;
}

/** Adds a rule to those there are; adding one that is there already changes nothing. @throws AppError as `setTracking` */
export async function addTrackingRule(
  db: Db,
  viewer: Viewer,
  websiteId: string,
  rule: Partial<TrackingRule>,
): Promise<Tracking> {
  return db.transaction(async (tx) => {
    await getWebsite(tx, viewer, websiteId);
    const [held] = await tx
      .select({ tracking: websites.tracking })
      .from(websites)
      .where(eq(websites.id, websiteId))
      .for("update");
    const tracking = readTracking(held?.tracking ?? {});
    const [read] = readTracking({ rules: [rule] }).rules;
    if (!read || tracking.rules.some((other) => Bun.deepEquals(other, read))) return tracking;
    return setTracking(tx, viewer, websiteId, { ...tracking, rules: [...tracking.rules, read] });
  });
}

/** What a website keeps: later versions may have other defaults. */
function toDifferences(tracking: Tracking): Record<string, unknown> {
  const byDefault = readTracking();
  return Object.fromEntries(
    Object.entries(tracking).filter(([name, value]) => !Bun.deepEquals(value, byDefault[name as keyof Tracking])),
  );
}
