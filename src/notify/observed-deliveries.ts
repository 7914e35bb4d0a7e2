import { eq, min } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { deliveries } from "../db/schema/notifications.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

/** Tells how long the oldest delivery has been on its way, whenever somebody asks. @returns how to stop */
export function watchDeliveries(db: Db, clock: Clock, telemetry: Telemetry): () => void {
  return telemetry.watch("orbweaver.notify.oldest_pending", async () => {
    const isPending = eq(deliveries.state, "pending");
    const [row] = await db
      .select({ oldest: min(deliveries.createdAt) })
      .from(deliveries)
      .where(isPending);
    const value = row?.oldest ? Math.max(0, clock.now().getTime() - row.oldest.getTime()) / 1_000 : 0;
    return [{ labels: {}, value }];
  });
}
