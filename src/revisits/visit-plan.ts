import { and, eq, isNotNull, sql } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import { type Db, rowsOf } from "../db/db.ts";
import type { AdaptiveRule } from "../db/schema/crawls.ts";
import { pages, type VisitPlan } from "../db/schema/pages.ts";
import { AppError } from "../errors.ts";
import { getPage, type Page } from "../pages/pages.ts";
import { getWebsite } from "../websites/websites.ts";
import { findAdaptiveRule } from "./adaptive-rule.ts";
import { isAway } from "./plan.ts";

export type PagePlan = { page: Page; plan: VisitPlan; nextVisitAt: Date; because: string };

/** @throws AppError `not_found` also when the page's visits are not planned */
export async function getPagePlan(db: Db, viewer: Viewer, pageId: string): Promise<PagePlan> {
  const page = await getPage(db, viewer, pageId);
  const { visitPlan: plan, nextVisitAt } = page;
  if (!plan || !nextVisitAt) throw notPlanned(`Visits to page ${pageId}`);
  return { page, plan, nextVisitAt, because: explainPlan(page, plan) };
}

/** Intervals of up to so many seconds are told together; and those beyond the last. */
export const INTERVAL_STEPS = [3_600, 21_600, 86_400, 259_200, 604_800, 2_592_000] as const;

export type WebsitePlan = {
  rule: AdaptiveRule;
  pages: number;
  fetchesPerDay: number;
  changesPerDay: number;
  changesFoundPerDay: number;
  /** Share of the pages whose copy is expected to be current; null without pages. */
  freshness: number | null;
  /** Pages by what set their interval, and by its length: as many as there are steps, and one more. */
  byBound: Record<VisitPlan["boundBy"], number>;
  byInterval: number[];
};

/** @throws AppError `not_found` also when no schedule of the website goes by a plan */
export async function getWebsitePlan(db: Db, viewer: Viewer, websiteId: string): Promise<WebsitePlan> {
  await getWebsite(db, viewer, websiteId);
  const rule = await findAdaptiveRule(db, websiteId);
  if (!rule) throw notPlanned(`Visits to pages of website ${websiteId}`);
  const plan: WebsitePlan = {
    ...{ rule, pages: 0, fetchesPerDay: 0, changesPerDay: 0, changesFoundPerDay: 0, freshness: null },
    byBound: { rate: 0, minimum: 0, maximum: 0, budget: 0 },
    byInterval: Array.from({ length: INTERVAL_STEPS.length + 1 }, () => 0),
  };
  let live = 0;
  let fresh = 0;
  for (const group of await sumPlans(db, websiteId)) {
    plan.pages += group.pages;
    plan.fetchesPerDay += group.fetches;
    plan.byBound[group.bound] += group.pages;
    plan.byInterval[group.step] = (plan.byInterval[group.step] ?? 0) + group.pages;
    if (!group.live) continue;
    plan.changesPerDay += group.changes;
    plan.changesFoundPerDay += group.found;
    live += group.pages;
    fresh += group.fresh;
  }
  return live > 0 ? { ...plan, freshness: fresh / live } : plan;
}

type PlanSum = {
  bound: VisitPlan["boundBy"];
  step: number;
  live: boolean;
  pages: number;
  fetches: number;
  changes: number;
  found: number;
  fresh: number;
};

/** The integrals of `allocation.ts`, in the database, which need not send each page for that. */
async function sumPlans(db: Db, websiteId: string): Promise<PlanSum[]> {
  const steps = sql.raw(`array[${INTERVAL_STEPS.map((step) => step + 1).join(", ")}]`);
  const isPlanned = and(eq(pages.websiteId, websiteId), isNotNull(pages.nextVisitAt), isNotNull(pages.visitPlan));
  const rows = rowsOf<Record<keyof PlanSum, unknown>>(
    await db.execute(sql`
      with plan as (
        select state = 'live' as live, visit_plan ->> 'boundBy' as bound,
          (visit_plan ->> 'intervalSeconds')::float8 as seconds, (visit_plan ->> 'changesPerDay')::float8 as rate,
          (visit_plan ->> 'certainty')::float8 as shape
        from ${pages} where ${isPlanned}
      ), grown as (
        select *, ln(1 + seconds / 86400 * rate / shape) as log, seconds / 86400 * rate / shape as time from plan
      )
      select bound, width_bucket(seconds::int, ${steps}) as step, live, count(*)::int as pages,
        sum(86400 / seconds) as fetches, sum(rate) as changes,
        sum(86400 / seconds * (1 - exp(-shape * log))) as found,
        sum(case when abs(1 - shape) < 1e-6 then log else (exp((1 - shape) * log) - 1) / (1 - shape) end / time) as fresh
      from grown group by 1, 2, 3`),
  );
  return rows.map(({ bound, live, ...sums }) => ({
    bound: bound as VisitPlan["boundBy"],
    live: live === true,
    ...(Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, Number(sum)])) as Omit<
      PlanSum,
      "bound" | "live"
    >),
  }));
}

/** Why a page is visited when it is, for people. */
function explainPlan({ state, status, changes }: Pick<Page, "state" | "status" | "changes">, plan: VisitPlan): string {
  const every = describeSeconds(plan.intervalSeconds);
  if (isAway({ state, status })) return `It was not there; it is looked for again after ${every}, until that is sure.`;
  if (state === "removed" || state === "moved")
    return `It is ${state === "moved" ? "elsewhere" : "gone"}; it is looked for after ${every}, in case it comes back.`;
  const rate = `It is expected to change ${describeRate(plan.changesPerDay)}`;
  return `${rate}, ${describeEvidence(plan, changes)}. ${describeBound(plan.boundBy, every)}`;
}

function describeEvidence({ visits, prior }: VisitPlan, changes: number): string {
  const neighbours =
    prior.pages > 0
      ? `${prior.pages} pages under ${prior.path}, which change ${describeRate(prior.changesPerDay)}`
      : "what is usual, since too few of its neighbours were visited again";
  if (visits === 0) return `going by ${neighbours}; it was not visited again yet`;
  const own = visits === 1 ? "one visit" : `${visits} visits`;
  const found = changes === 0 ? "no change" : changes === 1 ? "a change once" : `a change ${changes} times`;
  return `going by ${own} of its own, which found ${found}, and by ${neighbours}`;
}

function describeBound(bound: VisitPlan["boundBy"], every: string): string {
  switch (bound) {
    case "rate":
      return `It is visited after ${every}: sooner, a change would hardly be found.`;
    case "minimum":
      return `It is visited after ${every}, the least interval of the schedule.`;
    case "maximum":
      return `It is visited after ${every}, the greatest interval of the schedule.`;
    case "budget":
      return `It is visited after ${every}: sooner, the budget keeps more pages current elsewhere.`;
  }
}

function describeRate(perDay: number): string {
  if (perDay >= 1) return `${round(perDay)} times a day`;
  return `once in ${describeSeconds(86_400 / perDay)}`;
}

const UNITS: [seconds: number, name: string][] = [
  [86_400 * 365, "year"],
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
];

function describeSeconds(seconds: number): string {
  const [unit, name] = UNITS.find(([length]) => seconds >= length) ?? [60, "minute"];
  const amount = round(seconds / unit);
  return `${amount} ${name}${amount === 1 ? "" : "s"}`;
}

/** Two digits that count. */
const round = (value: number) => (value >= 10 ? Math.round(value) : Number(value.toPrecision(2)));

function notPlanned(what: string): AppError {
  return new AppError(
    "not_found",
    `${what} are not planned: its website has no adaptive schedule, or no crawl ended yet`,
    {
      code: "not_planned",
    },
  );
}
