import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { getVersionAt, getVersionRaw } from "../changes/versions.ts";
import { getDocument, getLinks, getRaw, remakeDocument } from "../pages/document.ts";
import { getPage } from "../pages/pages.ts";
import { chunkQuery, readChunkQuery } from "./chunk-view.ts";
import { describeDocument, describeRaw, respondDocument, respondRaw } from "./document-response.ts";
import { LinksView, viewLink } from "./document-view.ts";
import { extractQuery, readExtractQuery } from "./extract-fields.ts";
import { byId, Id, OneOf } from "./fields.ts";
import { answerTagged, chooseFormat, FORMATS } from "./formats.ts";
import { Moment, readMoment } from "./moments.ts";
import { PagePage, PageView, pageFilters, readPages, viewPage } from "./page-view.ts";
import { pagingQuery } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { signalOf, viewerOf } from "./request-context.ts";

const Content = OneOf(["main", "page"], {
  default: "main",
  description: "The main content as stored, or the whole page with its navigation, made anew from the stored body",
});

const byPage = byId("page");

/** All of it may be a moment old: a replica is asked where there is one. */
export const pagesApi = ({ store: { read }, parser }: Pick<App, "store" | "parser">) =>
  new Elysia({ prefix: "/pages", tags: ["Pages"] })
    .use(permissions)
    .get("", ({ query, request }) => read((db) => readPages(db, viewerOf(request), query, query.website_id)), {
      permission: "read",
      query: t.Object({ ...pagingQuery, ...pageFilters, website_id: t.Optional(Id("Only this website's")) }),
      response: { 200: PagePage, ...problems(400, 500, 503) },
      detail: {
        summary: "List pages",
        description: "Over all websites, in the order in which pages were first seen; by URL, status, path or change.",
      },
    })
    .get(
      "/:id",
      async ({ params, request }) => viewPage(await read((db) => getPage(db, viewerOf(request), params.id))),
      {
        permission: "read",
        params: byPage,
        mapResponse: answerTagged,
        response: { 200: PageView, ...problems(400, 404, 500, 503) },
        detail: { summary: "Read a page", description: "Its last answer and its current version, without the text." },
      },
    )
    .get(
      "/:id/document",
      async ({ params, query, request }) => {
        const format = chooseFormat(request, query.format ?? (query.chunks === "true" ? "json" : undefined));
        const sizes = readChunkQuery(query, format);
        const options = readExtractQuery(query);
        const at = readMoment(query.at, "at");
        const found = await read(async (db) => {
          const stored = at
            ? await getVersionAt(db, viewerOf(request), params.id, at)
            : await getDocument(db, viewerOf(request), params.id);
          return options ? remakeDocument({ db, parser }, stored, options, signalOf(request)) : stored;
        });
        return respondDocument(request, found, format, { sizes, options });
      },
      {
        permission: "read",
        params: byPage,
        query: t.Object({
          format: t.Optional(OneOf(FORMATS, { description: "Goes before the Accept header", examples: ["markdown"] })),
          at: t.Optional(Moment("As it was then, in place of now")),
          content: Content,
          ...extractQuery,
          ...chunkQuery,
        }),
        detail: {
          summary: "Read a page's document",
          description:
            "As JSON, Markdown, HTML or plain text, by the Accept header or `format`; as stored, or made anew from the stored body when selectors or other options are given, which then take the place of the website's. With `at` the version that was current then. Its ETag changes with its text.",
          responses: describeDocument("The document", 400, 404, 406, 410, 422, 500, 503),
        },
      },
    )
    .get(
      "/:id/raw",
      async ({ params, query, request }) => {
        const at = readMoment(query.at, "at");
        const viewer = viewerOf(request);
        const raw = await read((db) => (at ? getVersionRaw(db, viewer, params.id, at) : getRaw(db, viewer, params.id)));
        return respondRaw(request, raw);
      },
      {
        permission: "read",
        params: byPage,
        query: t.Object({ at: t.Optional(Moment("As it was then, in place of now")) }),
        detail: {
          summary: "Read a page's body as its server sent it",
          description:
            "As a download that no browser runs scripts of. With `at` the body of the version that was current then.",
          responses: describeRaw(400, 404, 410, 500, 503),
        },
      },
    )
    .get(
      "/:id/links",
      async ({ params, request }) => {
        const { page, links } = await read((db) =>
          getLinks({ db, parser }, viewerOf(request), params.id, signalOf(request)),
        );
        return { page_id: page.id, url: page.url, items: links.map(viewLink) };
      },
      {
        permission: "read",
        params: byPage,
        mapResponse: answerTagged,
        response: { 200: LinksView, ...problems(400, 404, 422, 500, 503) },
        detail: { summary: "Read a page's links", description: "Read from the stored body." },
      },
    );
