import { type Static, Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { type DuplicateGroup, type DuplicatePage, type Duplicates, findDuplicates } from "../search/duplicates.ts";
import { findSimilar, type SimilarPage } from "../search/similar.ts";
import { getWebsite } from "../websites/websites.ts";
import { byId, exampleId, exampleUrl, Id, Nullable, OneOf, QueryInteger } from "./fields.ts";
import { numberCursors, pagingQuery } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { viewerOf } from "./request-context.ts";

const Links = Type.Object({
  page: Type.String({ examples: [`/api/v1/pages/${exampleId}`] }),
  document: Type.String({ examples: [`/api/v1/pages/${exampleId}/document`] }),
});
const Title = Nullable(Type.String({ description: "Null where it has none", examples: ["Getting started"] }));

const SimilarView = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        page_id: Id("The page's id"),
        website_id: Id("Its website's id"),
        url: Type.String({ examples: [exampleUrl] }),
        title: Title,
        summary: Nullable(
          Type.String({ description: "One line; null where there is none", examples: ["How to begin"] }),
        ),
        score: Type.Number({
          minimum: 0,
          maximum: 1,
          description: "Higher is more similar; comparable within one answer alone",
          examples: [0.83],
        }),
        links: Links,
      }),
    ),
    by: OneOf(["vectors", "words"], {
      description: "What they were found by: what pages mean, or the words that tell this page from others",
      examples: ["words"],
    }),
  },
  { $id: "SimilarPages", description: "Pages like one, most similar first" },
);

const pageFields = {
  page_id: Id("The page's id"),
  website_id: Id("Its website's id"),
  url: Type.String({ examples: [exampleUrl] }),
  title: Title,
  depth: Type.Integer({ description: "Links from a start URL", examples: [1] }),
  links: Links,
};

const DuplicatesView = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        canonical: Type.Object(pageFields, {
          description: "The one to keep, perhaps: fewest links from a start, and of those the one seen first",
        }),
        count: Type.Integer({ description: "All others", examples: [3] }),
        others: Type.Array(
          Type.Object({
            ...pageFields,
            is_same_text: Type.Boolean({ description: "It says the very same" }),
            bits: Type.Integer({
              minimum: 0,
              maximum: 64,
              description: "In how many of 64 bits the fingerprints of the texts differ, the canonical page's and its",
              examples: [2],
            }),
          }),
          { description: "The first hundred" },
        ),
      }),
    ),
    next_cursor: Type.Union([Type.String(), Type.Null()], {
      description: "Give it as `cursor` to get what comes next; null at the end",
    }),
    groups: Type.Integer({ description: "All groups", examples: [12] }),
    pages: Type.Integer({ description: "Pages in them", examples: [31] }),
    is_complete: Type.Boolean({ description: "False where too many were alike to compare them all" }),
  },
  { $id: "Duplicates", description: "Groups of pages that say the same or nearly, largest first" },
);

const description =
  "By SimHash over three words at a time, at most 3 bits of 64 apart; pages of fewer than 50 words only where they say the very same.";

/** Pages that are like others. */
export const similarApi = ({ store: { read }, clock }: Pick<App, "store" | "clock">) =>
  new Elysia({ tags: ["Search"] })
    .use(permissions)
    .get(
      "/pages/:id/similar",
      ({ params, query, request }) =>
        read(async (db) => {
          const { pages, by } = await findSimilar({ db, clock }, viewerOf(request), params.id, query);
          return { items: pages.map(viewSimilar), by };
        }),
      {
        permission: "read",
        params: byId("page"),
        query: t.Object({
          limit: QueryInteger("limit", {
            ...{ default: 10, minimum: 1, maximum: 50 },
            description: "Pages at the most",
            examples: [10],
          }),
        }),
        response: { 200: SimilarView, ...problems(400, 404, 500, 503) },
        detail: {
          summary: "Find pages like this one",
          description: "On all of one's websites, by vectors where there are some, else by words.",
        },
      },
    )
    .get(
      "/websites/:id/duplicates",
      ({ params, query, request }) =>
        read(async (db) => {
          const viewer = viewerOf(request);
          const { id: websiteId } = await getWebsite(db, viewer, params.id);
          const { limit, cursor } = query;
          return viewDuplicates(await findDuplicates(db, viewer, { websiteId, limit, after: cursors.read(cursor) }));
        }),
      {
        permission: "read",
        params: byId("website"),
        query: t.Object(pagingQuery),
        response: { 200: DuplicatesView, ...problems(400, 404, 500, 503) },
        detail: { summary: "List a website's pages that say the same, or nearly", description },
      },
    )
    .get(
      "/duplicates",
      ({ query: { limit, cursor }, request }) =>
        read(async (db) =>
          viewDuplicates(await findDuplicates(db, viewerOf(request), { limit, after: cursors.read(cursor) })),
        ),
      {
        permission: "read",
        query: t.Object(pagingQuery),
        response: { 200: DuplicatesView, ...problems(400, 500, 503) },
        detail: { summary: "List pages of all websites that say the same, or nearly", description },
      },
    );

const cursors = numberCursors("duplicates");

function viewSimilar({ pageId, websiteId, url, title, summary, score }: SimilarPage) {
  return { page_id: pageId, website_id: websiteId, url, title, summary, score, links: linksOf(pageId) };
}

function viewDuplicates({ groups, total, isComplete, next }: Duplicates): Static<typeof DuplicatesView> {
  return {
    items: groups.map(viewGroup),
    next_cursor: next === undefined ? null : cursors.write(next),
    groups: total.groups,
    pages: total.pages,
    is_complete: isComplete,
  };
}

function viewGroup({ canonical, count, others }: DuplicateGroup) {
  return {
    canonical: viewPage(canonical),
    count,
    others: others.map((page) => ({ ...viewPage(page), is_same_text: page.isSameText, bits: page.bits })),
  };
}

function viewPage({ pageId, websiteId, url, title, depth }: DuplicatePage) {
  return { page_id: pageId, website_id: websiteId, url, title, depth, links: linksOf(pageId) };
}

const linksOf = (pageId: string) => ({ page: `/api/v1/pages/${pageId}`, document: `/api/v1/pages/${pageId}/document` });
