import { type Static, Type } from "@sinclair/typebox";
import { t } from "elysia";
import type { ChangeCounts } from "../changes/changes.ts";
import type { Moment as End, LargeChange, NetChange, Span } from "../changes/website-diff.ts";
import { Kind, ReasonField } from "./change-view.ts";
import { exampleId, exampleUrl, Id, Instant, Nullable, OneOf } from "./fields.ts";
import { Moment } from "./moments.ts";
import { createCursors } from "./paging.ts";

const FORMATS = ["json", "csv", "jsonl", "markdown"] as const;

export const WEBSITE_DIFF_TYPES: Record<(typeof FORMATS)[number], string> = {
  json: "application/json",
  csv: "text/csv",
  jsonl: "application/jsonl",
  markdown: "text/markdown",
};

export const spanQuery = {
  from: t.Optional(Moment("Where it starts")),
  to: t.Optional(Moment("Where it ends; now unless given, if there is a start")),
  from_crawl: t.Optional(Id("In place of `from`: what was so when this crawl ended")),
  to_crawl: t.Optional(Id("In place of `to`: what was so when this crawl ended")),
  format: t.Optional(
    OneOf(FORMATS, {
      description:
        "Goes before the Accept header. `csv` and `jsonl` give all pages at once, `markdown` a report for people",
      examples: ["markdown"],
    }),
  ),
};

const VersionNumber = (description: string) => Nullable(Type.Integer({ description, examples: [2] }));

const NetChangeView = Type.Object(
  {
    page_id: Id("The page"),
    url: Type.String({ examples: [exampleUrl] }),
    title: Nullable(Type.String({ examples: ["Getting started"] })),
    kind: Kind,
    to_url: Nullable(Type.String({ description: "Where a page that moved is", examples: [exampleUrl] })),
    reason: ReasonField,
    from_version: VersionNumber("Its version at the start"),
    to_version: VersionNumber("Its version at the end"),
    share: Nullable(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: "Share of the text that changed, the greatest of its changes; null without texts to compare",
        examples: [0.08],
      }),
    ),
    changes: Type.Integer({ minimum: 1, description: "Changes in between", examples: [2] }),
    changed_at: Instant("When the last of them was found"),
    links: Type.Object({
      page: Type.String({ examples: [`/api/v1/pages/${exampleId}`] }),
      changes: Type.String({ examples: [`/api/v1/changes?page_id=${exampleId}`] }),
      diff: Nullable(
        Type.String({
          description: "Between its versions, where it has two",
          examples: [`/api/v1/pages/${exampleId}/diff?from=1&to=2`],
        }),
      ),
    }),
  },
  { $id: "NetChange", description: "What is left of all that happened to a page between two times" },
);

const EndView = (description: string) =>
  Type.Object({ at: Instant("The time"), crawl_id: Nullable(Id("The crawl that ended then")) }, { description });

const Lines = (description: string, example: string) =>
  Type.Array(Type.String(), { description, examples: [[example]] });
const Count = Type.Integer({ minimum: 0, examples: [3] });

/** By kind of change. */
export const ChangeCountsView = Type.Object(
  { new: Count, changed: Count, moved: Count, removed: Count, restored: Count },
  { description: "Pages by what happened to them" },
);

export const WebsiteDiffView = Type.Object(
  {
    website_id: Id("The website"),
    from: EndView("The start"),
    to: EndView("The end"),
    counts: ChangeCountsView,
    largest: Type.Array(
      Type.Object({
        page: NetChangeView,
        added: Lines("The first blocks that came, short", "It costs 12 € a month."),
        removed: Lines("The first blocks that went, short", "It costs 10 € a month."),
      }),
      { description: "Of the pages whose text changed those that changed most" },
    ),
    items: Type.Array(NetChangeView, { description: "In the order in which the pages were first seen" }),
    next_cursor: Type.Union([Type.String(), Type.Null()], {
      description: "Give it as `cursor` to get what comes next, between the same times; null at the end",
    }),
  },
  { $id: "WebsiteDiff", description: "What is different on a website between two times" },
);

/** Where a list goes on, and between which times it goes, since those may be told by what is newest. */
export type NetPlace = { span: Span; pageId: string };

const PLACE = /^([\da-z]{1,10})\.([\da-f]{32})?\.([\da-z]{1,10})\.([\da-f]{32})?\.([\da-f]{32})$/;

export const netCursors = (() => {
  const texts = createCursors("net", (text) => (PLACE.test(text) ? text : undefined));
  const write = ({ at, crawlId }: End) => `${at.getTime().toString(36)}.${crawlId?.replaceAll("-", "") ?? ""}`;
  return {
    write: ({ span: { from, to }, pageId }: NetPlace) =>
      texts.write(`${write(from)}.${write(to)}.${pageId.replaceAll("-", "")}`),
    read: (cursor: string | undefined): NetPlace | undefined => {
      const [, from = "", fromCrawl, to = "", toCrawl, page = ""] = PLACE.exec(texts.read(cursor) ?? "") ?? [];
      if (page === "") return undefined;
      return { span: { from: readEnd(from, fromCrawl), to: readEnd(to, toCrawl) }, pageId: toUuid(page) };
    },
  };
})();

function readEnd(ms: string, crawl: string | undefined): End {
  // The last of these lies beyond what dates can be.
  const at = new Date(Math.min(Number.parseInt(ms, 36), 253_402_300_799_999));
  return { at, crawlId: crawl === undefined ? null : toUuid(crawl) };
}

const toUuid = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

export function viewWebsiteDiff(
  websiteId: string,
  span: Span,
  { counts, largest, items }: { counts: ChangeCounts; largest: LargeChange[]; items: NetChange[] },
  nextCursor: string | null,
): Static<typeof WebsiteDiffView> {
  return {
    website_id: websiteId,
    from: viewEnd(span.from),
    to: viewEnd(span.to),
    counts,
    largest: largest.map(({ change, excerpt }) => ({ page: viewNetChange(change), ...excerpt })),
    items: items.map(viewNetChange),
    next_cursor: nextCursor,
  };
}

export function viewNetChange(change: NetChange): Static<typeof NetChangeView> {
  const { pageId, fromVersion, toVersion } = change;
  const page = `/api/v1/pages/${pageId}`;
  const hasTwo = change.kind === "changed" && fromVersion !== null && toVersion !== null;
  return {
    ...{ page_id: pageId, url: change.url, title: change.title, kind: change.kind },
    ...{ to_url: change.toUrl, reason: change.reason, from_version: fromVersion, to_version: toVersion },
    ...{ share: change.share, changes: change.changes, changed_at: change.changedAt.toISOString() },
    links: {
      page,
      changes: `/api/v1/changes?page_id=${pageId}`,
      diff: hasTwo ? `${page}/diff?from=${fromVersion}&to=${toVersion}` : null,
    },
  };
}

const viewEnd = ({ at, crawlId }: End) => ({ at: at.toISOString(), crawl_id: crawlId });
