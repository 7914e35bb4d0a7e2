import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import type { ExtractOptions } from "../content/document.ts";
import { toHtml } from "../content/markdown/render.ts";
import { toPlainText } from "../content/plain-text.ts";
import { getDocument, getLinks, getRaw, type PageDocument, type RawPage, remakeDocument } from "../pages/document.ts";
import { getPage } from "../pages/pages.ts";
import { type ChunkSizes, chunkQuery, readChunkQuery } from "./chunk-view.ts";
import { DocumentView, LinksView, viewDocument, viewLink } from "./document-view.ts";
import { extractQuery, readExtractQuery } from "./extract-fields.ts";
import { byId, Id, OneOf } from "./fields.ts";
import { answerTagged, chooseFormat, FORMATS, type Format, MEDIA_TYPES, respondUnlessKnown } from "./formats.ts";
import { describeProblems } from "./openapi.ts";
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
        const found = await read((db) =>
          options
            ? remakeDocument({ db, parser }, viewerOf(request), params.id, options, signalOf(request))
            : getDocument(db, viewerOf(request), params.id),
        );
        return respondDocument(request, found, format, { sizes, options });
      },
      {
        permission: "read",
        params: byPage,
        query: t.Object({
          format: t.Optional(OneOf(FORMATS, { description: "Goes before the Accept header", examples: ["markdown"] })),
          content: Content,
          ...extractQuery,
          ...chunkQuery,
        }),
        detail: {
          summary: "Read a page's document",
          description:
            "As JSON, Markdown, HTML or plain text, by the Accept header or `format`; as stored, or made anew from the stored body when selectors or other options are given, which then take the place of the website's. Its ETag changes with its text.",
          responses: {
            200: {
              description: "The current version of the document",
              content: {
                [MEDIA_TYPES.json]: { schema: DocumentView as object },
                [MEDIA_TYPES.markdown]: { schema: { type: "string" }, example: "# Getting started\n" },
                [MEDIA_TYPES.html]: {
                  schema: { type: "string" },
                  example: "<!doctype html>\n…<h1>Getting started</h1>\n…",
                },
                [MEDIA_TYPES.text]: { schema: { type: "string" }, example: "Getting started\n" },
              },
            },
            304: { description: "The document is the one that If-None-Match names" },
            ...describeProblems(400, 404, 406, 422, 500, 503),
          },
        },
      },
    )
    .get(
      "/:id/raw",
      async ({ params, request }) => respondRaw(request, await read((db) => getRaw(db, viewerOf(request), params.id))),
      {
        permission: "read",
        params: byPage,
        detail: {
          summary: "Read a page's body as its server sent it",
          description: "As a download that no browser runs scripts of.",
          responses: {
            200: {
              description: "The body, content-decoded, with its own content type",
              content: { "*/*": { schema: { type: "string", format: "binary" } } },
            },
            304: { description: "The body is the one that If-None-Match names" },
            ...describeProblems(400, 404, 500, 503),
          },
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

/** A stored page must never act as a part of this service, whatever is in it. */
const STRANGER = "sandbox; default-src 'none'";
const STRANGER_WITH_PICTURES = `${STRANGER}; img-src http: https:`;

function respondDocument(
  request: Request,
  { page, document }: PageDocument,
  format: Format,
  { sizes, options }: { sizes: ChunkSizes | undefined; options: ExtractOptions | undefined },
): Response {
  const { markdown, title, language, contentHash } = document;
  const bodies: Record<Format, () => string> = {
    json: () => JSON.stringify(viewDocument({ page, document }, sizes)),
    markdown: () => markdown,
    html: () => toHtml(markdown, { title, language, url: page.url }),
    text: () => toPlainText(markdown),
  };
  const headers = {
    "content-type": `${MEDIA_TYPES[format]}; charset=utf-8`,
    "content-security-policy": format === "html" ? STRANGER_WITH_PICTURES : STRANGER,
    vary: "accept",
  };
  // JSON says more than the Markdown does.
  const form = format === "json" && (sizes || options) ? Bun.hash(JSON.stringify([sizes, options])).toString(36) : "";
  return respondUnlessKnown(request, `"${contentHash}-${format}${form && `-${form}`}"`, headers, bodies[format]());
}

function respondRaw(request: Request, { body, hash, contentType }: RawPage): Response {
  const isPlain = /^[\w.+-]+\/[\w.+-]+(?:; charset=[\w.:-]+)?$/.test(contentType);
  const headers = {
    "content-type": isPlain ? contentType : "application/octet-stream",
    "content-security-policy": STRANGER,
    "content-disposition": "attachment",
    "repr-digest": `sha-256=:${Buffer.from(hash, "hex").toString("base64")}:`,
  };
  return respondUnlessKnown(request, `"${hash}"`, headers, body);
}
