import { Type } from "@sinclair/typebox";
import { and, eq, isNotNull } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { crawlSchedules } from "../db/schema/crawls.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { defineJob } from "../jobs/kind.ts";

/** Plans when each page of a website is visited again, as its adaptive schedules say. */
export const planVisits = defineJob({
  name: "plan-visits",
  about: "Plans when each page of a website with an adaptive schedule is visited again",
  queue: "control",
  payload: Type.Object({ websiteId: Type.String() }),
  retry: { limit: 5, delaySeconds: 10, maxDelaySeconds: 600 },
  timeoutSeconds: 600,
  keepSeconds: 86_400,
  isUnique: true,
  run: async () => ({ planned: 0 }),
});

/** Has a website's visits planned anew, if one of its schedules goes by a plan. Commits with the transaction. */
export async function queuePlanning(tx: Db, websiteId: string): Promise<void> {
  const [adaptive] = await tx
    .select({ id: crawlSchedules.id })
    .from(crawlSchedules)
    .where(
      and(
        eq(crawlSchedules.websiteId, websiteId),
        eq(crawlSchedules.isEnabled, true),
        isNotNull(crawlSchedules.adaptive),
      ),
    )
    .limit(1);
  if (adaptive) await replan(tx, websiteId);
}

/** Has a website's visits planned anew, or its plan forgotten when no schedule goes by one any more. */
export async function replan(tx: Db, websiteId: string): Promise<void> {
  await enqueue(tx, planVisits, { websiteId }, { key: websiteId });
}
