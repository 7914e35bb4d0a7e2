import { type Static, Type } from "@sinclair/typebox";
import { t } from "elysia";
import type { Viewer } from "../access/viewer.ts";
import { PAGE_TYPES, type PageType } from "../content/document.ts";
import { hashUrl } from "../crawl/url.ts";
import type { Db } from "../db/db.ts";
import { PAGE_STATES, type PageState } from "../db/schema/pages.ts";
import { listPages, type Page } from "../pages/pages.ts";
import {
  exampleHash,
  exampleId,
  Id,
  Instant,
  Nullable,
  OneOf,
  PathPrefix,
  QueryInteger,
  readInstant,
  readPathPrefix,
  readUrl,
  UrlField,
} from "./fields.ts";
import { idCursors, PageOf, readPage } from "./paging.ts";

export const PageView = Type.Object(
  {
    id: Id("The page's id; it stays however often the page is crawled"),
    website_id: Id("Its website"),
    url: Type.String({ description: "Canonical", examples: ["https://docs.example.com/start"] }),
    status: Type.Integer({ description: "HTTP status of the last answer", examples: [200] }),
    content_type: Nullable(Type.String({ description: "As sniffed from the body", examples: ["text/html"] })),
    title: Nullable(Type.String({ examples: ["Getting started"] })),
    language: Nullable(Type.String({ description: "BCP 47, as the page declares it", examples: ["en"] })),
    page_type: Nullable(
      OneOf(PAGE_TYPES, {
        description: "What the page is for; null for what is not HTML, or was last read before types were told",
        examples: ["documentation"],
      }),
    ),
    word_count: Type.Integer({ description: "Words of its Markdown", examples: [420] }),
    byte_length: Type.Integer({ description: "Bytes of its body", examples: [18_200] }),
    version: Type.Integer({ description: "How many different texts it has had; 0 without a document", examples: [1] }),
    content_hash: Nullable(
      Type.String({ description: "SHA-256 of the normalised Markdown, hex", examples: [exampleHash] }),
    ),
    raw_hash: Nullable(Type.String({ description: "SHA-256 of the body, hex", examples: [exampleHash] })),
    etag: Nullable(Type.String({ description: "The server's own", examples: ['"33a64df5"'] })),
    last_modified: Nullable(
      Type.String({ description: "The server's own", examples: ["Sat, 31 Jan 2026 12:00:00 GMT"] }),
    ),
    state: OneOf(PAGE_STATES, {
      description:
        "`live`; `missing` when it was not there lately, for not long enough to be sure; `removed` and `moved` when that was told",
      examples: ["live"],
    }),
    missing_since: Nullable(Instant("Since when it has not been there")),
    moved_to: Nullable(Type.String({ description: "Where it moved to", examples: ["https://docs.example.com/begin"] })),
    visits: Type.Integer({ description: "How often it was looked at again with success", examples: [12] }),
    changes: Type.Integer({ description: "How often that showed a change", examples: [3] }),
    next_visit_at: Nullable(Instant("When it is due again; null unless the website has an adaptive schedule")),
    first_seen_at: Instant("When it was first crawled"),
    last_fetched_at: Instant("When it was last crawled"),
    last_changed_at: Instant("When its text was first found as it is"),
    links: Type.Object({
      self: Type.String({ examples: [`/api/v1/pages/${exampleId}`] }),
      document: Type.String({ examples: [`/api/v1/pages/${exampleId}/document`] }),
      raw: Type.String({ examples: [`/api/v1/pages/${exampleId}/raw`] }),
      links: Type.String({ examples: [`/api/v1/pages/${exampleId}/links`] }),
      versions: Type.String({ examples: [`/api/v1/pages/${exampleId}/versions`] }),
      changes: Type.String({ examples: [`/api/v1/changes?page_id=${exampleId}`] }),
      website: Type.String({ examples: [`/api/v1/websites/${exampleId}`] }),
    }),
  },
  { $id: "Page", description: "A URL over time: its last answer, and where its document is" },
);

export const PagePage = PageOf(PageView, "Pages, in the order they were first seen");
const pageCursors = idCursors("pages");

export const pageFilters = {
  url: t.Optional(UrlField("Only this URL")),
  status: t.Optional(
    QueryInteger("status", { minimum: 100, maximum: 599, description: "Only this HTTP status", examples: [200] }),
  ),
  path_prefix: t.Optional(PathPrefix),
  type: t.Optional(OneOf(PAGE_TYPES, { description: "Only pages of this type", examples: ["documentation"] })),
  state: t.Optional(OneOf(PAGE_STATES, { description: "Only pages in this state", examples: ["removed"] })),
  changed_since: t.Optional(Instant("Only pages whose text changed then or later")),
};

type PageQuery = {
  url?: string;
  status?: number;
  path_prefix?: string;
  type?: PageType;
  state?: PageState;
  changed_since?: string;
};

/** A page of a list of pages, by the filters of the query; of one website, or of all. */
export function readPages(
  db: Db,
  viewer: Viewer,
  query: PageQuery & { limit: number; cursor?: string },
  websiteId?: string,
) {
  const filter = { viewer, websiteId, ...readPageFilters(query) };
  return readPage(
    query,
    pageCursors,
    (limit, after) => listPages(db, { ...filter, limit, after }),
    ({ id }) => id,
    viewPage,
  );
}

function readPageFilters({ url, status, path_prefix: prefix, type: pageType, state, changed_since: since }: PageQuery) {
  const urlHash = url === undefined ? undefined : hashUrl(readUrl(url, "url"));
  const changedSince = since === undefined ? undefined : readInstant(since, "changed_since");
  return { urlHash, status, pathPrefix: readPathPrefix(prefix), pageType, state, changedSince };
}

export function viewPage(page: Page): Static<typeof PageView> {
  const self = `/api/v1/pages/${page.id}`;
  return {
    id: page.id,
    website_id: page.websiteId,
    url: page.url,
    status: page.status,
    content_type: page.contentType,
    title: page.title,
    language: page.language,
    page_type: page.pageType,
    word_count: page.wordCount,
    byte_length: page.byteLength,
    version: page.version,
    content_hash: page.contentHash,
    raw_hash: page.rawHash,
    etag: page.etag,
    last_modified: page.lastModified,
    state: page.state,
    missing_since: page.missingSince?.toISOString() ?? null,
    moved_to: page.movedTo,
    visits: page.visits,
    changes: page.changes,
    next_visit_at: page.nextVisitAt?.toISOString() ?? null,
    first_seen_at: page.firstSeenAt.toISOString(),
    last_fetched_at: page.lastFetchedAt.toISOString(),
    last_changed_at: page.lastChangedAt.toISOString(),
    links: {
      self,
      document: `${self}/document`,
      raw: `${self}/raw`,
      links: `${self}/links`,
      versions: `${self}/versions`,
      changes: `/api/v1/changes?page_id=${page.id}`,
      website: `/api/v1/websites/${page.websiteId}`,
    },
  };
}
