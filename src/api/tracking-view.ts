import { type Static, Type } from "@sinclair/typebox";
import { ChangeSummaryView, viewChangeSummary } from "../changes/diff/json.ts";
import type { PreviewedVersion, TrackingPreview, Verdict, VerdictCount } from "../changes/preview.ts";
import { type Tracking, TrackingOptions, TrackingRule } from "../changes/tracking.ts";
import type { Suggestion } from "../changes/volatile.ts";
import { exampleUrl, Id, Instant, Nullable, withoutDefaults } from "./fields.ts";

const exampleRule = { path: "/products/**", ignore_numbers: true, ignore_text: ["people are reading this"] };

const { path, ...ruleOptions } = TrackingRule.properties;

const RuleBody = Type.Object(
  { path, ...withoutDefaults(ruleOptions) },
  {
    additionalProperties: false,
    description: "A rule of what counts as a change",
    examples: [exampleRule],
  },
);

const { rules: _, keep_versions, ...plain } = TrackingOptions.properties;

/** What is left out takes its default. */
export const TrackingBody = Type.Object(
  {
    rules: Type.Optional(
      Type.Array(RuleBody, {
        maxItems: TrackingOptions.properties.rules.maxItems,
        description: TrackingOptions.properties.rules.description,
      }),
    ),
    ...withoutDefaults(plain),
    keep_versions: Type.Optional(
      Type.Object(withoutDefaults(keep_versions.properties), {
        additionalProperties: false,
        description: keep_versions.description,
      }),
    ),
  },
  {
    additionalProperties: false,
    description: "How changes are tracked; what is left out takes its default",
    examples: [{ rules: [exampleRule], removed_after_visits: 2 }],
  },
);
export type TrackingBody = Record<string, unknown>;

/** With its defaults filled in. */
export const TrackingView = Type.Object(TrackingOptions.properties, {
  $id: "Tracking",
  description: "How a website's changes are tracked, with all defaults",
});

const count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });

const CountsView = Type.Object({
  told: count("Versions that were told as changed", 3),
  noise: count("Versions that differ in nothing but noise", 8),
  min_share: count("Versions in which too little changed", 1),
  trigger_text: count("Versions without any of the trigger texts", 0),
});

const VerdictView = Type.Object({
  is_told: Type.Boolean({ description: "Whether it is told as a change", examples: [false] }),
  reason: Nullable(
    Type.Union([Type.Literal("noise"), Type.Literal("min_share"), Type.Literal("trigger_text")], {
      description: "Why it is not told; null when it is",
      examples: ["noise"],
    }),
  ),
  summary: Nullable(ChangeSummaryView),
});

export const PreviewView = Type.Object(
  {
    pages: count("Pages that were looked at: those with the most versions, unless one is named", 2),
    compared: count("Versions that were looked at, each after another", 12),
    present: CountsView,
    given: CountsView,
    versions: Type.Array(
      Type.Object({
        page: Type.Object({
          id: Id("The page"),
          url: Type.String({ examples: [exampleUrl] }),
          title: Nullable(Type.String({ examples: ["Getting started"] })),
        }),
        from_version: count("Compared with this one: the last that the given rules told", 3),
        to_version: count("The version", 4),
        fetched_at: Instant("When it was fetched"),
        present: VerdictView,
        given: VerdictView,
        left_out: Type.Array(Type.String({ examples: ["312 people are reading this"] }), {
          description: "The first blocks that differ and that the given rules leave out",
        }),
      }),
      { description: "The first of them, page by page, oldest first" },
    ),
  },
  { $id: "TrackingPreview", description: "What rules would have told, beside what the website's own would have" },
);

export const SuggestionView = Type.Object(
  {
    id: Type.String({ description: "By which it is adopted", examples: ["5f2a9c1b3d4e6f70"] }),
    rule: RuleBody,
    examples: Type.Array(Type.String({ examples: ["312 people are reading this"] }), {
      description: "What the line said, the latest first",
    }),
    share: Type.Number({
      minimum: 0,
      description: "In how many of the visits it was another one, on average over the pages",
      examples: [0.95],
    }),
    pages: Type.Object({
      count: count("Pages that have it, of those that were looked at", 12),
      urls: Type.Array(Type.String({ examples: [exampleUrl] }), { description: "The first of them" }),
    }),
    changed: count("Times that it changed", 40),
    spared: count("Times that nothing on the page did but what is suggested: what the rules would have spared", 31),
    links: Type.Object({
      adopt: Type.String({
        description: "A POST adds the rule",
        examples: ["/api/v1/websites/0195f3e0-5c1a-7000-8000-3f6c2b1d9e10/tracking/suggestions/5f2a9c1b3d4e6f70/adopt"],
      }),
    }),
  },
  {
    $id: "TrackingSuggestion",
    description: "Something that changes in nearly every visit, and a rule that leaves it out",
  },
);

export const viewTracking = (tracking: Tracking): Tracking => tracking;

export function viewPreview(preview: TrackingPreview): Static<typeof PreviewView> {
  const { pages, compared, present, given, versions } = preview;
  return {
    pages,
    compared,
    present: viewCounts(present),
    given: viewCounts(given),
    versions: versions.map(viewVersion),
  };
}

export function viewSuggestion(websiteId: string, suggestion: Suggestion): Static<typeof SuggestionView> {
  const { id, rule, examples, share, pages, changed, spared } = suggestion;
  const adopt = `/api/v1/websites/${websiteId}/tracking/suggestions/${id}/adopt`;
  return { id, rule, examples, share, pages, changed, spared, links: { adopt } };
}

function viewVersion({ page, fromVersion, toVersion, fetchedAt, present, given, leftOut }: PreviewedVersion) {
  return {
    page: { id: page.id, url: page.url, title: page.title },
    from_version: fromVersion,
    to_version: toVersion,
    fetched_at: fetchedAt.toISOString(),
    present: viewVerdict(present),
    given: viewVerdict(given),
    left_out: leftOut,
  };
}

const viewVerdict = ({ isTold, reason, summary }: Verdict) => ({
  is_told: isTold,
  reason,
  summary: summary && viewChangeSummary(summary),
});

const viewCounts = ({ told, noise, minShare, triggerText }: VerdictCount) => ({
  told,
  noise,
  min_share: minShare,
  trigger_text: triggerText,
});
