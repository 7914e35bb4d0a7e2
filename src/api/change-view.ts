import { type Static, Type } from "@sinclair/typebox";
import { t } from "elysia";
import { type PathFilter, readPathFilter } from "../changes/change-search.ts";
import type { Change, ChangeFilter, ChangePlace } from "../changes/changes.ts";
import { ChangeSummaryView, viewChangeSummary } from "../changes/diff/json.ts";
import { CHANGE_KINDS, type ChangeKind, type ChangeSummary } from "../db/schema/pages.ts";
import { badField, exampleId, exampleUrl, Id, Instant, Nullable, OneOf, readPathPrefix } from "./fields.ts";
import { Moment, readMoment } from "./moments.ts";
import { type Cursors, PageOf, placeCursors } from "./paging.ts";

export const Kind = OneOf(CHANGE_KINDS, {
  description: "What happened: the page is new, its text changed, it moved, is gone, or is back",
  examples: ["changed"],
});

const VersionNumber = (description: string) => Nullable(Type.Integer({ description, examples: [2] }));
const Url = (description: string) => Nullable(Type.String({ description, examples: [exampleUrl] }));

/** How it is known: see `page_changes.reason`. */
export const ReasonField = Nullable(
  Type.String({
    description:
      "How it is known: `http_404` or `http_410` (the server says so), `soft_404` (its text does), `unlinked` (nothing leads there), `redirect`, `same_content`; null where that is plain",
    examples: ["http_410"],
  }),
);

const Share = Nullable(
  Type.Number({
    minimum: 0,
    maximum: 1,
    description: "Share of the text that changed; null where no texts were compared",
    examples: [0.08],
  }),
);

export const ChangeView = Type.Object(
  {
    id: Id("The change's id"),
    website_id: Id("The website it is on"),
    page: Type.Object(
      {
        id: Id("The page's id"),
        url: Type.String({ examples: [exampleUrl] }),
        title: Nullable(Type.String({ description: "As it is now", examples: ["Getting started"] })),
      },
      { description: "The page; of one that moved the old one" },
    ),
    kind: Kind,
    from_version: VersionNumber("The version before; null where there was none"),
    to_version: VersionNumber("The version after; null where there is none"),
    from_url: Url("Where a page that moved was"),
    to_url: Url("Where a page that moved is"),
    reason: ReasonField,
    summary: Nullable(ChangeSummaryView),
    share: Share,
    explanation: Nullable(
      Type.String({
        description: "In plain words, by a language model, where one is set up",
        examples: ["The price of the basic plan rose from 10 € to 12 €."],
      }),
    ),
    crawl_id: Nullable(Id("The crawl that found it")),
    detected_at: Instant("When it was found"),
    links: Type.Object({
      self: Type.String({ examples: [`/api/v1/changes/${exampleId}`] }),
      diff: Type.String({ examples: [`/api/v1/changes/${exampleId}/diff`] }),
      page: Type.String({ examples: [`/api/v1/pages/${exampleId}`] }),
      website: Type.String({ examples: [`/api/v1/websites/${exampleId}`] }),
    }),
  },
  { $id: "Change", description: "What changed on a page, and when it was found" },
);
export type ChangeView = Static<typeof ChangeView>;

export const ChangePage = PageOf(ChangeView, "Changes, newest first");

const places = placeCursors("changes");
export const changeCursors: Cursors<ChangePlace> = {
  read: (cursor) => {
    const place = places.read(cursor);
    return place && { detectedAtUs: place.createdAtUs, id: place.id };
  },
  write: ({ detectedAtUs, id }) => places.write({ createdAtUs: detectedAtUs, id }),
};

export const kindsFilter = {
  kind: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 60,
      description: `Only these kinds, by commas: ${CHANGE_KINDS.join(", ")}`,
      examples: ["new,removed"],
    }),
  ),
};

export const changeFilters = {
  ...kindsFilter,
  path: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 1_000,
      description:
        "Only pages whose path begins so, or matches: a glob, or a regular expression after `re:`. With a pattern an answer may have fewer items than `limit`, or none, though there is more",
      examples: ["/docs/", "/docs/*/install"],
    }),
  ),
  since: t.Optional(Moment("Only what was found then or later")),
  until: t.Optional(Moment("Only what was found before")),
  crawl_id: t.Optional(Id("Only what this crawl found")),
  page_id: t.Optional(Id("Only of this page")),
  min_share: t.Optional(
    t.Number({
      title: "min_share",
      minimum: 0,
      maximum: 1,
      description: "Least share of the text that changed; changes without texts to compare are let through",
      examples: [0.05],
    }),
  ),
  q: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 200,
      description: "Only pages whose title or URL has this in it",
      examples: ["pricing"],
    }),
  ),
};

export type ChangeQuery = {
  kind?: string;
  path?: string;
  since?: string;
  until?: string;
  crawl_id?: string;
  page_id?: string;
  min_share?: number;
  q?: string;
};

/** @throws AppError `invalid` naming the parameter */
export function readChangeFilter(query: ChangeQuery): Omit<ChangeFilter & PathFilter, "viewer"> {
  const { kind, path, since, until, crawl_id: crawlId, page_id: pageId, min_share: minShare, q } = query;
  return {
    ...{ crawlId, pageId, minShare, text: q, kinds: readKinds(kind, "kind") },
    ...{ since: readMoment(since, "since"), until: readMoment(until, "until") },
    ...(path === undefined ? {} : readPath(path, "path")),
  };
}

/** @throws AppError `invalid` naming the field */
export function readKinds(text: string | undefined, at: string): ChangeKind[] | undefined {
  return text?.split(",").map((name) => {
    const kind = CHANGE_KINDS.find((each) => each === name.trim());
    if (kind) return kind;
    throw badField(at, `must be some of ${CHANGE_KINDS.join(", ")}, by commas, not ${JSON.stringify(name)}`);
  });
}

/** @throws AppError `invalid` naming the field */
export function readPath(text: string, at: string): PathFilter {
  try {
    return readPathFilter(text, (prefix) => readPathPrefix(prefix) ?? prefix);
  } catch (error) {
    throw badField(at, `must be the beginning of a path, or a pattern: ${(error as Error).message}`);
  }
}

export function viewChange(change: Change): ChangeView {
  const { id, websiteId, pageId, url, title } = change;
  const self = `/api/v1/changes/${id}`;
  return {
    id,
    website_id: websiteId,
    page: { id: pageId, url, title },
    kind: change.kind,
    from_version: change.fromVersion,
    to_version: change.toVersion,
    from_url: change.fromUrl,
    to_url: change.toUrl,
    reason: change.reason,
    summary: viewSummary(change.summary),
    share: change.share,
    explanation: change.explanation,
    crawl_id: change.crawlId,
    detected_at: change.detectedAt.toISOString(),
    links: {
      self,
      diff: `${self}/diff`,
      page: `/api/v1/pages/${pageId}`,
      website: `/api/v1/websites/${websiteId}`,
    },
  };
}

/** Nothing is kept of a change without texts to compare. */
function viewSummary(summary: Partial<ChangeSummary>): Static<typeof ChangeSummaryView> | null {
  return Object.keys(summary).length === 0 ? null : viewChangeSummary({ ...NO_CHANGE, ...summary });
}

const NO_CHANGE: ChangeSummary = {
  ...{ added: 0, removed: 0, changed: 0, moved: 0 },
  ...{ wordsAdded: 0, wordsRemoved: 0, share: 0 },
};
