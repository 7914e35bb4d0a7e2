import { isDeepStrictEqual } from "node:util";
import { Type } from "@sinclair/typebox";
import type { Db } from "../db/db.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { defineJob, Snooze } from "../jobs/kind.ts";
import { findAdaptiveRule } from "./adaptive-rule.ts";
import { planWebsite } from "./planning.ts";

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
  run: async ({ db }, { websiteId }, { signal }) => {
    const before = await findAdaptiveRule(db, websiteId);
    const result = await planWebsite(db, websiteId, signal);
    // A change of the schedules meanwhile found this job running, and made no other.
    const isCurrent = isDeepStrictEqual(await findAdaptiveRule(db, websiteId), before);
    return isCurrent ? result : new Snooze(0);
  },
});

/** Has a website's visits planned anew, if one of its schedules goes by a plan. Commits with the transaction. */
export async function queuePlanning(tx: Db, websiteId: string): Promise<void> {
  if (await findAdaptiveRule(tx, websiteId)) await replan(tx, websiteId);
}

/** Has a website's visits planned anew, or its plan forgotten when no schedule goes by one any more. */
export async function replan(tx: Db, websiteId: string): Promise<void> {
  await enqueue(tx, planVisits, { websiteId }, { key: websiteId });
}
