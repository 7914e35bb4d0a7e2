import { type Static, Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { type Suggestion, suggest } from "../search/suggestions.ts";
import { exampleUrl, Id, Nullable, OneOf, QueryInteger } from "./fields.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { viewerOf } from "./request-context.ts";
import { readWebsiteIds, websitesQuery } from "./search-view.ts";

const SuggestionView = Type.Object({
  text: Type.String({ description: "The title, or the heading", examples: ["Advisory locks"] }),
  kind: OneOf(["title", "heading"], { examples: ["title"] }),
  page_id: Id("The page's id"),
  website_id: Id("Its website"),
  url: Type.String({ description: "Where it is, with the heading's anchor if it has one", examples: [exampleUrl] }),
  title: Nullable(Type.String({ description: "The page's title", examples: ["Advisory locks"] })),
});

const SuggestionsView = Type.Object(
  { items: Type.Array(SuggestionView, { description: "Best first" }) },
  { $id: "Suggestions", description: "Titles and headings that begin so" },
);

/** What whoever types may be on the way to. */
export const searchSuggestionsApi = ({ store: { read } }: Pick<App, "store">) =>
  new Elysia({ prefix: "/search", tags: ["Search"] }).use(permissions).get(
    "/suggestions",
    async ({ query, request }) => {
      const { q, limit, website_id: websiteId } = query;
      const asked = { query: q, websiteIds: readWebsiteIds(websiteId), limit };
      return { items: (await read((db) => suggest(db, viewerOf(request), asked))).map(viewSuggestion) };
    },
    {
      permission: "read",
      query: t.Object({
        q: t.String({
          maxLength: 1_000,
          description: "What has been typed; its last word may not be whole yet",
          examples: ["advisory lo"],
        }),
        limit: QueryInteger("limit", { ...{ default: 8, minimum: 1, maximum: 20 }, description: "At the most" }),
        ...websitesQuery,
      }),
      response: { 200: SuggestionsView, ...problems(400, 404, 500, 503) },
      detail: {
        summary: "Suggest pages while a query is typed",
        description:
          "Titles and headings that have the words of the query, the last of which may be at its beginning yet. Nothing for less than two letters.",
      },
    },
  );

const viewSuggestion = ({ pageId, websiteId, ...suggestion }: Suggestion): Static<typeof SuggestionView> => ({
  ...suggestion,
  page_id: pageId,
  website_id: websiteId,
});
