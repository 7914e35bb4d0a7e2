import { and, eq, isNotNull } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { type AdaptiveRule, crawlSchedules } from "../db/schema/crawls.ts";

/** By what a website's visits are planned: its enabled adaptive schedules taken together; `undefined` without one. */
export async function findAdaptiveRule(db: Db, websiteId: string): Promise<AdaptiveRule | undefined> {
  const rows = await db
    .select({ adaptive: crawlSchedules.adaptive })
    .from(crawlSchedules)
    .where(
      and(
        eq(crawlSchedules.websiteId, websiteId),
        eq(crawlSchedules.isEnabled, true),
        isNotNull(crawlSchedules.adaptive),
      ),
    );
  return combineRules(rows.flatMap(({ adaptive }) => adaptive ?? []));
}

/** The tighter bounds of all, and the budgets of all. */
export function combineRules(rules: readonly AdaptiveRule[]): AdaptiveRule | undefined {
  const [first, ...others] = rules;
  if (!first) return undefined;
  return others.reduce(
    (rule, other) => ({
      minSeconds: Math.min(rule.minSeconds, other.minSeconds),
      maxSeconds: Math.max(Math.min(rule.minSeconds, other.minSeconds), Math.min(rule.maxSeconds, other.maxSeconds)),
      fetchesPerDay: rule.fetchesPerDay + other.fetchesPerDay,
    }),
    first,
  );
}
