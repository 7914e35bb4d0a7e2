import { Type } from "@sinclair/typebox";
import { type Clock, daysBefore } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import type { Db } from "../db/db.ts";
import { defineJob } from "../jobs/kind.ts";
import { withResultKept } from "../schedules/system-schedules.ts";
import type { Log } from "../telemetry/log.ts";
import { purgeIdempotencyKeys, purgeKeys, purgeUsers } from "./credentials.ts";
import { purgeRawBodies } from "./raw-bodies.ts";
import { purgeWebsites } from "./websites.ts";

export type PurgeContext = { db: Db; clock: Clock; log: Log; config: Pick<Config, "DELETED_RETENTION_DAYS"> };

/** Rows that were deleted for good. Those that a database deletes with them, such as a page's documents, don't count. */
export type PurgeCounts = Record<"websites" | "pages" | "users" | "keys" | "idempotencyKeys" | "rawBodies", number>;

export const purgeJob = withResultKept(
  defineJob({
    name: "purge",
    about: "Deletes for good what was deleted and can't be restored any more, and bodies that nothing refers to",
    queue: "maintenance",
    payload: Type.Object({}),
    // It goes on where it was, be it the next day.
    retry: { limit: 2, delaySeconds: 60, maxDelaySeconds: 600 },
    timeoutSeconds: 4 * 3_600,
    keepSeconds: 30 * 86_400,
    isUnique: true,
    run: (app, _, { signal }) => purge(app, signal),
  }),
);

/**
 * Deletes for good what could be restored and was not in time, keys that have ended, answers that can't be asked for
 * any more, and bodies that no page refers to. In batches of which each is a short transaction; when it is stopped, or
 * finds another instance at it, it leaves the rest to the next time. Safe to repeat, and to run anywhere.
 */
export async function purge(context: PurgeContext, signal?: AbortSignal): Promise<PurgeCounts> {
  const { db, clock, log, config } = context;
  const now = clock.now();
  const before = daysBefore(now, config.DELETED_RETENTION_DAYS);
  const { websites, pages } = await purgeWebsites(db, before, signal);
  const counts: PurgeCounts = {
    websites,
    pages,
    // After their websites, since a user's rows would go by one statement otherwise.
    users: await purgeUsers(db, before, signal),
    keys: await purgeKeys(db, before, signal),
    idempotencyKeys: await purgeIdempotencyKeys(db, now, signal),
    rawBodies: await purgeRawBodies(db, signal),
  };
  const removed = Object.values(counts).some((count) => count > 0);
  if (removed) log.info("deleted rows purged", { ...counts, durationMs: clock.now().getTime() - now.getTime() });
  return counts;
}
