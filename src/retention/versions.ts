import { Type } from "@sinclair/typebox";
import { and, asc, eq, gt, inArray, isNull, sql } from "drizzle-orm";
import { readTracking, type Tracking } from "../changes/tracking.ts";
import { daysBefore } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pages } from "../db/schema/pages.ts";
import { websites } from "../db/schema/websites.ts";
import { defineJob } from "../jobs/kind.ts";
import { withResultKept } from "../schedules/system-schedules.ts";
import { inBatches, LOCKS } from "./batches.ts";
import { deleteFormerPassages } from "./former-passages.ts";

/** Pages that are looked at together, and versions that one statement deletes. */
const PAGES = 100;
const BATCH = 500;

export const versionRetention = withResultKept(
  defineJob({
    name: "version-retention",
    about: "Deletes versions of pages that their websites' tracking rules don't keep",
    queue: "maintenance",
    payload: Type.Object({}),
    retry: { limit: 2, delaySeconds: 60, maxDelaySeconds: 600 },
    timeoutSeconds: 4 * 3_600,
    keepSeconds: 30 * 86_400,
    isUnique: true,
    run: async ({ db, clock, telemetry }, _, { signal }) => {
      const counts = await purgeVersions(db, clock.now(), signal);
      telemetry.count("orbweaver.retention.versions", {}, counts.versions);
      return counts;
    },
  }),
);

export type VersionCounts = Record<"websites" | "versions", number>;

type KeptVersions = Tracking["keep_versions"];

/**
 * Deletes the versions that `keep_versions` of their websites has given up. Never the current one, nor the one that
 * changes are measured from. With them go the passages that they alone had. Bodies that nothing refers to any more are left to the purge of bodies.
 */
export async function purgeVersions(db: Db, now: Date, signal?: AbortSignal): Promise<VersionCounts> {
  const counts = { websites: 0, versions: 0 };
  let after: string | undefined;
  while (!signal?.aborted) {
    const [website] = await db
      .select({ id: websites.id, tracking: websites.tracking })
      .from(websites)
      .where(
        and(
          isNull(websites.deletedAt),
          // Few websites give up anything.
          sql`${websites.tracking} ? 'keep_versions'`,
          after ? gt(websites.id, after) : undefined,
        ),
      )
      .orderBy(asc(websites.id))
      .limit(1);
    if (!website) break;
    after = website.id;
    const kept = readTracking(website.tracking).keep_versions;
    if (kept.max_count === 0 && kept.max_age_days === 0) continue;
    const deleted = await purgeWebsiteVersions(db, website.id, kept, now, signal);
    counts.versions += deleted;
    if (deleted > 0) counts.websites++;
  }
  return counts;
}

async function purgeWebsiteVersions(
  db: Db,
  websiteId: string,
  kept: KeptVersions,
  now: Date,
  signal: AbortSignal | undefined,
): Promise<number> {
  let versions = 0;
  let after: string | undefined;
  await inBatches(
    db,
    signal,
    async (tx) => {
      const looked = await tx
        .select({ id: pages.id })
        .from(pages)
        .where(and(eq(pages.websiteId, websiteId), gt(pages.version, 1), after ? gt(pages.id, after) : undefined))
        .orderBy(asc(pages.id))
        .limit(PAGES);
      const pageIds = looked.map(({ id }) => id);
      if (pageIds.length === 0) return "done";
      const deleted = await deleteSome(tx, pageIds, kept, now);
      versions += deleted;
      const passages = await deleteFormerPassages(tx, pageIds, BATCH);
      // The same pages again, as long as there are more of theirs than one statement takes.
      if (deleted === BATCH || passages === BATCH) return "more";
      after = pageIds.at(-1);
      return pageIds.length < PAGES ? "done" : "more";
    },
    LOCKS.versions,
  );
  return versions;
}

/** A version's age is counted from when the next one took its place: until then it was what the page said. */
async function deleteSome(tx: Db, pageIds: string[], kept: KeptVersions, now: Date): Promise<number> {
  const { id, pageId, version, fetchedAt } = markdownDocuments;
  const ranked = tx
    .select({
      id,
      pageId,
      newer: sql<number>`row_number() over (partition by ${pageId} order by ${version} desc) - 1`.as("newer"),
      replacedAt: sql<Date>`lead(${fetchedAt}) over (partition by ${pageId} order by ${version})`.as("replaced_at"),
      inMonth: sql<number>`row_number() over (
        partition by ${pageId}, date_trunc('month', ${fetchedAt} at time zone 'UTC') order by ${version}
      )`.as("in_month"),
    })
    .from(markdownDocuments)
    .where(inArray(pageId, pageIds))
    .as("ranked");
  const isTooMany = kept.max_count > 0 ? sql`${ranked.newer} >= ${kept.max_count}` : sql`false`;
  const oldest = daysBefore(now, kept.max_age_days).toISOString();
  const isTooOld = kept.max_age_days > 0 ? sql`${ranked.replacedAt} < ${oldest}::timestamptz` : sql`false`;
  const some = tx
    .select({ id: ranked.id })
    .from(ranked)
    .innerJoin(pages, eq(pages.id, ranked.pageId))
    .where(
      and(
        sql`(${isTooMany} or ${isTooOld})`,
        kept.first_of_month ? sql`${ranked.inMonth} > 1` : undefined,
        sql`${ranked.id} is distinct from ${pages.documentId}`,
        sql`${ranked.id} is distinct from ${pages.baselineDocumentId}`,
      ),
    )
    .limit(BATCH);
  const deleted = await tx.delete(markdownDocuments).where(inArray(id, some)).returning({ id });
  return deleted.length;
}
