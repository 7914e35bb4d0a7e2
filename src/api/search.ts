import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { search } from "../search/search.ts";
import { byId } from "./fields.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { signalOf, viewerOf } from "./request-context.ts";
import {
  readSearchRequest,
  readWebsiteIds,
  SearchView,
  searchQuery,
  viewAnswer,
  websitesQuery,
} from "./search-view.ts";

type Parts = Pick<App, "store" | "clock" | "log" | "cache" | "embedder">;

/** Search over all websites that the caller may see. */
export const searchApi = ({ store: { read }, clock, log, cache, embedder }: Parts) =>
  new Elysia({ prefix: "/search", tags: ["Search"] }).use(permissions).get(
    "",
    async ({ query, request }) => {
      const asked = readSearchRequest(query, readWebsiteIds(query.website_id));
      return viewAnswer(
        await read((db) => search({ db, clock, log, cache, embedder }, viewerOf(request), asked, signalOf(request))),
      );
    },
    {
      permission: "read",
      query: t.Object({ ...searchQuery, ...websitesQuery }),
      response: { 200: SearchView, ...problems(400, 404, 500, 503) },
      detail: {
        summary: "Search pages",
        description:
          "Finds pages by the words of their current text, and by its meaning where there are vectors; best first, with the passages that were found. A malformed query is told with the place of what is wrong.",
      },
    },
  );

/** Search on one website. */
export const websiteSearchApi = ({ store: { read }, clock, log, cache, embedder }: Parts) =>
  new Elysia({ prefix: "/websites", tags: ["Search"] }).use(permissions).get(
    "/:id/search",
    async ({ params, query, request }) => {
      const asked = readSearchRequest(query, [params.id]);
      return viewAnswer(
        await read((db) => search({ db, clock, log, cache, embedder }, viewerOf(request), asked, signalOf(request))),
      );
    },
    {
      permission: "read",
      params: byId("website"),
      query: t.Object(searchQuery),
      response: { 200: SearchView, ...problems(400, 404, 500, 503) },
      detail: { summary: "Search a website's pages", description: "Like the search over all, on one website alone." },
    },
  );
