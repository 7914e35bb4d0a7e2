import { type Static, Type } from "@sinclair/typebox";
import { t } from "elysia";
import { PAGE_TYPES } from "../content/document.ts";
import { MAX_CURSOR_LENGTH } from "../search/continuation.ts";
import {
  type Facet,
  type FoundPassage,
  SEARCH_MODES,
  type SearchAnswer,
  type SearchRequest,
  type SearchResult,
} from "../search/search.ts";
import { badField, exampleId, exampleUrl, Id, Instant, Nullable, OneOf, QueryInteger } from "./fields.ts";
import { Moment, readMoment } from "./moments.ts";

const MAX_WEBSITES = 100;

const Flag = (description: string) => t.Optional(OneOf(["true", "false"], { description, examples: ["true"] }));

/** What is searched for, of one website or of several. */
export const searchQuery = {
  q: t.String({
    description:
      'Words that must all be there; "phrases", OR, a minus before what must not be, parentheses, beginnings*; and filters for the whole query: site:, path:, lang:, type:, before:, after:',
    examples: ["advisory lock", '"row level security" OR policies path:/docs/ -lang:de'],
  }),
  mode: t.Optional(
    OneOf(SEARCH_MODES, {
      description:
        "`text` by words, `vector` by meaning, `hybrid` (the default) by both where there are vectors and by words where there are none",
      examples: ["text"],
    }),
  ),
  limit: QueryInteger("limit", {
    ...{ default: 10, minimum: 1, maximum: 50, description: "Pages at the most", examples: [10] },
  }),
  passages: QueryInteger("passages", {
    ...{ default: 1, minimum: 1, maximum: 5, description: "Passages shown of each page at the most", examples: [1] },
  }),
  cursor: t.Optional(
    t.String({
      maxLength: MAX_CURSOR_LENGTH,
      description: "`next_cursor` of the answer before, to the same query; the first results without it",
    }),
  ),
  facets: Flag("Whether to count the pages that match by website, path and language"),
  as_you_type: Flag("Whether the last word is still being typed"),
  at: t.Optional(Moment("What pages said then, in place of now; by words alone")),
};

export const websitesQuery = {
  website_id: t.Optional(
    t.String({
      minLength: 1,
      maxLength: MAX_WEBSITES * 37,
      description: "Only these websites, by commas; all that the caller may see without it",
      examples: [exampleId],
    }),
  ),
};

type Query = {
  q: string;
  mode?: SearchRequest["mode"];
  limit: number;
  passages: number;
  cursor?: string;
  facets?: "true" | "false";
  as_you_type?: "true" | "false";
  at?: string;
};

export function readSearchRequest(query: Query, websiteIds: readonly string[] | undefined): SearchRequest {
  const { q, mode, limit, passages, cursor, facets, as_you_type: asYouType, at } = query;
  return {
    ...{ query: q, websiteIds, mode, limit, cursor, passagesPerPage: passages, at: readMoment(at, "at") },
    ...{ facets: facets === "true", asTyped: asYouType === "true" },
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws AppError `invalid` naming the field */
export function readWebsiteIds(text: string | undefined): string[] | undefined {
  const ids = text?.split(",").map((id) => {
    const found = id.trim().toLowerCase();
    if (UUID.test(found)) return found;
    throw badField("website_id", `must be ids of websites, by commas, not ${JSON.stringify(id)}`);
  });
  if ((ids?.length ?? 0) <= MAX_WEBSITES) return ids;
  throw badField("website_id", `may have ${MAX_WEBSITES} ids at the most`);
}

const PassageView = Type.Object({
  id: Id("The passage's id; another once its text has changed"),
  place: Type.Integer({ description: "Its place on the page, from 0", examples: [3] }),
  heading_path: Type.Array(Type.String(), {
    description: "The headings that it stands under, outermost first",
    examples: [["Getting started", "Install"]],
  }),
  anchor: Nullable(Type.String({ description: "Of the nearest heading that has one", examples: ["install"] })),
  url: Type.String({ description: "The page's, with that anchor", examples: [`${exampleUrl}#install`] }),
  snippet: Type.Array(
    Type.Object({
      text: Type.String({ examples: ["advisory"] }),
      is_match: Type.Boolean({ description: "Whether it is what was searched for", examples: [true] }),
    }),
    { description: "Plain text around what was found, in parts that are read one after the other; never markup" },
  ),
});

const ResultView = Type.Object({
  page_id: Id("The page's id"),
  website_id: Id("Its website"),
  url: Type.String({ examples: [exampleUrl] }),
  title: Nullable(Type.String({ examples: ["Getting started"] })),
  summary: Nullable(Type.String({ description: "What it is about, in one line", examples: ["How to begin"] })),
  language: Nullable(Type.String({ description: "BCP 47", examples: ["en"] })),
  page_type: Nullable(OneOf(PAGE_TYPES, { examples: ["documentation"] })),
  score: Type.Number({ description: "Higher is better; comparable within one answer alone", examples: [0.82] }),
  version: Type.Integer({ description: "Which version of its text it is", examples: [2] }),
  fetched_at: Instant("When it was last crawled"),
  changed_at: Instant("When its text was first found as it is"),
  passages: Type.Array(PassageView, { description: "Best first" }),
  links: Type.Object({
    page: Type.String({ examples: [`/api/v1/pages/${exampleId}`] }),
    document: Type.String({ examples: [`/api/v1/pages/${exampleId}/document`] }),
  }),
});

const FacetView = Type.Object({
  value: Type.String({ examples: ["/docs/"] }),
  label: Type.String({ description: "For people", examples: ["/docs/"] }),
  pages: Type.Integer({ examples: [12] }),
});

export const SearchView = Type.Object(
  {
    items: Type.Array(ResultView, { description: "Pages, best first" }),
    next_cursor: Type.Union([Type.String(), Type.Null()], {
      description: "Give it as `cursor` to get what comes next; null at the end",
    }),
    total: Type.Object({
      pages: Type.Integer({ description: "Pages that match", examples: [12] }),
      is_exact: Type.Boolean({ description: "Otherwise there are at least so many", examples: [true] }),
    }),
    facets: Type.Optional(
      Type.Object(
        {
          websites: Type.Array(FacetView, { description: "By id" }),
          paths: Type.Array(FacetView, { description: "By the first part of the path" }),
          languages: Type.Array(FacetView, { description: "By code; empty where it is not known" }),
        },
        { description: "Pages that match, those with most first; as exact as the total" },
      ),
    ),
    searched: Type.Object(
      {
        mode: OneOf(SEARCH_MODES, { description: "How it was searched in the end", examples: ["text"] }),
        websites: Type.Integer({ examples: [1] }),
        pages: Type.Integer({ examples: [420] }),
        passages: Type.Integer({ examples: [2_100] }),
        indexed_at: Nullable(
          Instant("All that was stored before then was searched; null where nothing is indexed yet"),
        ),
        at: Nullable(Instant("The time that was asked about; null for now")),
        is_loose: Type.Boolean({
          description: "Whether pages that have some of the words alone were taken too, after those that have all",
          examples: [false],
        }),
        corrections: Type.Array(
          Type.Object({
            from: Type.String({ examples: ["advisry"] }),
            to: Type.Array(Type.String(), { examples: [["advisory"]] }),
          }),
          { description: "Words that were taken for others, since nothing has them" },
        ),
        notes: Type.Array(Type.String(), { description: "What a reader must know, in sentences" }),
      },
      { description: "What was searched, and how fresh that is" },
    ),
  },
  { $id: "SearchAnswer", description: "What was found" },
);

export function viewAnswer(answer: SearchAnswer): Static<typeof SearchView> {
  const { results, nextCursor, total, facets, searched } = answer;
  const { indexedAt, at, isLoose, ...rest } = searched;
  return {
    items: results.map(viewResult),
    next_cursor: nextCursor,
    total: { pages: total.pages, is_exact: total.isExact },
    ...(facets
      ? {
          facets: {
            websites: facets.websites.map(viewFacet),
            paths: facets.paths.map(viewFacet),
            languages: facets.languages.map(viewFacet),
          },
        }
      : {}),
    searched: {
      mode: rest.mode,
      websites: rest.websites,
      pages: rest.pages,
      passages: rest.passages,
      indexed_at: indexedAt?.toISOString() ?? null,
      at: at?.toISOString() ?? null,
      is_loose: isLoose,
      corrections: rest.corrections,
      notes: rest.notes,
    },
  };
}

function viewResult(result: SearchResult): Static<typeof ResultView> {
  const self = `/api/v1/pages/${result.pageId}`;
  return {
    page_id: result.pageId,
    website_id: result.websiteId,
    url: result.url,
    title: result.title,
    summary: result.summary,
    language: result.language,
    page_type: result.pageType,
    score: Math.round(result.score * 1e6) / 1e6,
    version: result.version,
    fetched_at: result.fetchedAt.toISOString(),
    changed_at: result.changedAt.toISOString(),
    passages: result.passages.map(viewPassage),
    links: { page: self, document: `${self}/document` },
  };
}

function viewPassage({ id, place, headingPath, anchor, url, snippet }: FoundPassage): Static<typeof PassageView> {
  return {
    ...{ id, place, heading_path: headingPath, anchor, url },
    snippet: snippet.map(({ text, isMatch }) => ({ text, is_match: isMatch })),
  };
}

const viewFacet = ({ value, label, pages }: Facet): Static<typeof FacetView> => ({ value, label, pages });
