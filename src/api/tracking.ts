import { Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import { createTurnstile } from "../access/turnstile.ts";
import type { App } from "../app.ts";
import { previewTracking } from "../changes/preview.ts";
import { readTracking } from "../changes/tracking.ts";
import { adoptSuggestion, suggestRules } from "../changes/volatile.ts";
import { getTracking, setTracking } from "../changes/website-tracking.ts";
import { AppError } from "../errors.ts";
import { byId, Id } from "./fields.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { signalOf, subjectOf, viewerOf } from "./request-context.ts";
import {
  PreviewView,
  SuggestionView,
  TrackingBody,
  TrackingView,
  viewPreview,
  viewSuggestion,
  viewTracking,
} from "./tracking-view.ts";

const PreviewRequest = Type.Object(
  {
    tracking: TrackingBody,
    page_id: Type.Optional(Id("Only this page's versions")),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 200,
        default: 50,
        description: "Versions to show at the most",
        examples: [50],
      }),
    ),
  },
  {
    additionalProperties: false,
    description: "Rules to try",
    examples: [{ tracking: { rules: [{ ignore_numbers: true }] } }],
  },
);

const bySuggestion = t.Object({
  id: Id("The website's id"),
  suggestion_id: t.String({
    pattern: "^[0-9a-f]{16}$",
    description: "The suggestion's id",
    examples: ["5f2a9c1b3d4e6f70"],
  }),
});

/** What counts as a change on a website. */
export const trackingApi = ({ config, db, parser }: Pick<App, "config" | "db" | "parser">) => {
  const turnstile = createTurnstile(config.MAX_SCRAPES_PER_KEY, "previews");
  return new Elysia({ prefix: "/websites", tags: ["Changes"] })
    .use(permissions)
    .get(
      "/:id/tracking",
      async ({ params, request }) => viewTracking(await getTracking(db, viewerOf(request), params.id)),
      {
        permission: "read",
        params: byId("website"),
        response: { 200: TrackingView, ...problems(400, 404, 500, 503) },
        detail: { summary: "Read how changes are tracked", description: "With all defaults filled in." },
      },
    )
    .put(
      "/:id/tracking",
      async ({ params, body, request }) => viewTracking(await setTracking(db, viewerOf(request), params.id, body)),
      {
        permission: "write",
        params: byId("website"),
        body: TrackingBody,
        response: { 200: TrackingView, ...problems(400, 403, 404, 413, 415, 500, 503) },
        detail: {
          summary: "Set how changes are tracked",
          description: "All of it: what is left out takes its default. It holds for visits from now on.",
        },
      },
    )
    .post(
      "/:id/tracking/preview",
      async ({ params, body, request }) => {
        using _turn = turnstile.enter(subjectOf(request)?.name);
        const { page_id: pageId, limit = 50 } = body;
        const options = { pageId, limit, signal: signalOf(request) };
        return viewPreview(
          await previewTracking({ db, parser }, viewerOf(request), params.id, readBody(body.tracking), options),
        );
      },
      {
        permission: "read",
        params: byId("website"),
        body: PreviewRequest,
        response: { 200: PreviewView, ...problems(400, 403, 404, 413, 415, 500, 503) },
        detail: {
          summary: "Try rules on what was stored",
          description:
            "Says of each stored version whether these rules would have told it, and why not, beside what the website's rules would have done. Nothing is changed.",
        },
      },
    )
    .get(
      "/:id/tracking/suggestions",
      async ({ params, request }) => {
        using _turn = turnstile.enter(subjectOf(request)?.name);
        const suggestions = await suggestRules(db, viewerOf(request), params.id, signalOf(request));
        return { items: suggestions.map((suggestion) => viewSuggestion(params.id, suggestion)) };
      },
      {
        permission: "read",
        params: byId("website"),
        response: {
          200: Type.Object({ items: Type.Array(SuggestionView) }, { description: "Those that spare the most first" }),
          ...problems(400, 404, 500, 503),
        },
        detail: {
          summary: "List what changes all the time",
          description:
            "Clocks, counters and the like: what changed in nearly every visit, by the stored versions of the pages that change most often, each with a rule that would leave it out.",
        },
      },
    )
    .post(
      "/:id/tracking/suggestions/:suggestion_id/adopt",
      async ({ params, request }) => {
        using _turn = turnstile.enter(subjectOf(request)?.name);
        const { id, suggestion_id: suggestionId } = params;
        return viewTracking(await adoptSuggestion(db, viewerOf(request), id, suggestionId, signalOf(request)));
      },
      {
        permission: "write",
        params: bySuggestion,
        response: { 200: TrackingView, ...problems(400, 403, 404, 500, 503) },
        detail: { summary: "Adopt a suggestion", description: "Adds its rule to the website's. Safe to repeat." },
      },
    );
};

/** @throws AppError `invalid` whose faults point into the body */
function readBody(tracking: TrackingBody) {
  try {
    return readTracking(tracking);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const faults = error.faults.map(({ at, message }) => ({ at: `/tracking${at}`, message }));
    throw new AppError(error.reason, `tracking/${error.message}`, { faults, cause: error });
  }
}
