import { type Static, Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { App } from "../app.ts";
import {
  getPagePlan,
  getWebsitePlan,
  INTERVAL_STEPS,
  type PagePlan,
  type WebsitePlan,
} from "../revisits/visit-plan.ts";
import { byId, exampleId, Id, Instant, Nullable, OneOf } from "./fields.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { viewerOf } from "./request-context.ts";
import { AdaptiveView, viewAdaptive } from "./schedule-view.ts";

const Rate = (description: string) => Type.Number({ minimum: 0, description, examples: [0.14] });
const Count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });

const BOUNDS = ["rate", "minimum", "maximum", "budget"] as const;

const PagePlanView = Type.Object(
  {
    page_id: Id("The page's id"),
    url: Type.String({ examples: ["https://example.com/news"] }),
    next_visit_at: Instant("When it is visited next, or was to be if that has passed: then it waits for its turn"),
    interval_s: Type.Integer({ description: "Between that and the visit before it", examples: [86_400] }),
    changes_per_day: Rate("How often it is expected to change"),
    certainty: Type.Number({
      minimum: 0,
      description: "How sure that is: the changes that one would have to have watched to be as sure",
      examples: [3.5],
    }),
    prior: Type.Object(
      {
        path: Nullable(
          Type.String({ description: "What those pages have in common; null for any website", examples: ["/news/"] }),
        ),
        pages: Count("Pages under that path that were visited again", 120),
        changes_per_day: Rate("How often those change"),
      },
      { description: "What was believed before the page's own visits: the pages under the same path" },
    ),
    evidence: Type.Object(
      {
        visits: Count("Visits after the first that succeeded", 14),
        changes: Count("Those that found a change", 3),
      },
      { description: "The page's own visits; older ones count less" },
    ),
    bound_by: OneOf(BOUNDS, {
      description:
        "What set the interval: the rate, as a change would hardly be found sooner; the schedule's minimum or maximum; or the budget, which keeps more pages current elsewhere",
      examples: ["budget"],
    }),
    because: Type.String({
      description: "All of it in words",
      examples: [
        "It is expected to change once in 7.1 days, going by 14 visits of its own, which found a change 3 times …",
      ],
    }),
    links: Type.Object({
      page: Type.String({ examples: [`/api/v1/pages/${exampleId}`] }),
      website: Type.String({ examples: [`/api/v1/websites/${exampleId}/visit-plan`] }),
    }),
  },
  { $id: "PageVisitPlan", description: "When a page is visited again, and why" },
);

const WebsitePlanView = Type.Object(
  {
    adaptive: AdaptiveView,
    pages: Count("Pages whose next visit is planned", 1_200),
    fetches_per_day: Type.Number({ description: "Visits that the plan comes to", examples: [998.5] }),
    changes_per_day: Rate("Changes expected on all pages"),
    changes_found_per_day: Rate("Visits expected to find one"),
    freshness: Nullable(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: "Share of the pages whose stored copy is expected to be current; null without pages",
        examples: [0.93],
      }),
    ),
    by_bound: Type.Object(
      {
        rate: Count("Sooner, a change would hardly be found", 10),
        minimum: Count("At the schedule's minimum", 4),
        maximum: Count("At the schedule's maximum", 300),
        budget: Count("Sooner, the budget keeps more pages current elsewhere", 886),
      },
      { description: "Pages by what set their interval" },
    ),
    by_interval: Type.Array(
      Type.Object({
        up_to_s: Nullable(Type.Integer({ description: "Null for all longer ones", examples: [86_400] })),
        pages: Type.Integer({ examples: [210] }),
      }),
      { description: "Pages by the length of their interval" },
    ),
  },
  { $id: "WebsiteVisitPlan", description: "What the plan of a website's visits comes to" },
);

const byPage = byId("page");
const byWebsite = byId("website");

/** When pages are visited again. */
export const revisitsApi = ({ store: { read } }: Pick<App, "store">) =>
  new Elysia({ tags: ["Schedules"] })
    .use(permissions)
    .get(
      "/pages/:id/visit-plan",
      async ({ params, request }) => viewPagePlan(await read((db) => getPagePlan(db, viewerOf(request), params.id))),
      {
        permission: "read",
        params: byPage,
        response: { 200: PagePlanView, ...problems(400, 404, 500, 503) },
        detail: { summary: "Read when a page is visited again, and why" },
      },
    )
    .get(
      "/websites/:id/visit-plan",
      async ({ params, request }) =>
        viewWebsitePlan(await read((db) => getWebsitePlan(db, viewerOf(request), params.id))),
      {
        permission: "read",
        params: byWebsite,
        response: { 200: WebsitePlanView, ...problems(400, 404, 500, 503) },
        detail: {
          summary: "Read what the plan of a website's visits comes to",
          description: "For a website with an enabled adaptive schedule.",
        },
      },
    );

function viewPagePlan({ page, plan, nextVisitAt, because }: PagePlan): Static<typeof PagePlanView> {
  return {
    page_id: page.id,
    url: page.url,
    next_visit_at: nextVisitAt.toISOString(),
    interval_s: plan.intervalSeconds,
    changes_per_day: plan.changesPerDay,
    certainty: plan.certainty,
    prior: { path: plan.prior.path || null, pages: plan.prior.pages, changes_per_day: plan.prior.changesPerDay },
    evidence: { visits: page.visits, changes: page.changes },
    bound_by: plan.boundBy,
    because,
    links: { page: `/api/v1/pages/${page.id}`, website: `/api/v1/websites/${page.websiteId}/visit-plan` },
  };
}

function viewWebsitePlan(plan: WebsitePlan): Static<typeof WebsitePlanView> {
  return {
    adaptive: viewAdaptive(plan.rule),
    pages: plan.pages,
    fetches_per_day: plan.fetchesPerDay,
    changes_per_day: plan.changesPerDay,
    changes_found_per_day: plan.changesFoundPerDay,
    freshness: plan.freshness,
    by_bound: plan.byBound,
    by_interval: plan.byInterval.map((pages, step) => ({ up_to_s: INTERVAL_STEPS[step] ?? null, pages })),
  };
}
