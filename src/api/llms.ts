import { type DocumentDecoration, Elysia, t } from "elysia";
import { createTurnstile } from "../access/turnstile.ts";
import type { App } from "../app.ts";
import { changeLlmsOptions } from "../indexing/website-llms.ts";
import { previewLlmsTxt } from "../llms/build-indexes.ts";
import { checkPart, readFullTextList, streamFullText, writePartsIndex } from "../llms/full-text.ts";
import { readLlmsOptions } from "../llms/llms-options.ts";
import { getWebsiteIndex, listWebsiteIndexes, type ServedIndex } from "../llms/website-indexes.ts";
import { getLlmsOptions } from "../llms/website-llms.ts";
import { getWebsite } from "../websites/websites.ts";
import { STRANGER } from "./document-response.ts";
import { byId, OneOf, QueryInteger } from "./fields.ts";
import { isKnown, isUnmodified, respondUnlessKnown } from "./formats.ts";
import {
  INDEX_KINDS,
  IndexPage,
  indexCursors,
  LlmsBody,
  LlmsPreviewView,
  LlmsView,
  viewIndex,
  viewLlms,
  viewLlmsPreview,
} from "./llms-view.ts";
import { describeProblems } from "./openapi.ts";
import { pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { signalOf, subjectOf, viewerOf } from "./request-context.ts";

/** As static servers give a file of this name; browsers show it, where they would download Markdown. */
const PLAIN = "text/plain; charset=utf-8";

const MAX_NUMBER = 2_147_483_647;

const version = t.Optional(
  QueryInteger("version", {
    minimum: 1,
    maximum: MAX_NUMBER,
    description: "An older version, by its number in the list of versions",
    examples: [3],
  }),
);

const FRESH =
  "`Last-Modified` is when this version was built; `X-Orbweaver-Version`, `X-Orbweaver-Crawl-Id` and `X-Orbweaver-Indexed-At` say which it is, after which crawl it was built, and up to when all that was stored is in the current one. The problem `not_built` (404) says that no crawl of the website has ended yet.";

/** What is made of a website as a whole: llms.txt, the full text and the site map. */
export const llmsApi = ({ config, db, store, parser }: Pick<App, "config" | "db" | "store" | "parser">) => {
  const turnstile = createTurnstile(config.MAX_SCRAPES_PER_KEY, "previews");
  return new Elysia({ prefix: "/websites", tags: ["Websites"] })
    .use(permissions)
    .get(
      "/:id/llms.txt",
      async ({ params, query, request }) => {
        const served = await store.read((from) =>
          getWebsiteIndex(from, viewerOf(request), params.id, "llms_txt", query.version),
        );
        return respondIndex(request, served, PLAIN);
      },
      {
        permission: "read",
        params: byId("website"),
        query: t.Object({ version }),
        detail: {
          ...describeIndex("LlmsTxt", "text/plain", "# Example\n\n> What it is for\n\n## Guides\n…"),
          summary: "Read a website's llms.txt",
          description: `Its pages with a line on each, in sections, as llmstxt.org describes it. ${FRESH}`,
        },
      },
    )
    .get(
      "/:id/llms-full.txt",
      async ({ params, query, request }) => {
        const served = await store.read((from) =>
          getWebsiteIndex(from, viewerOf(request), params.id, "llms_full", query.version),
        );
        return respondFullText(db, request, served, query);
      },
      {
        permission: "read",
        params: byId("website"),
        query: t.Object({
          version,
          part: t.Optional(
            QueryInteger("part", {
              minimum: 1,
              maximum: MAX_NUMBER,
              description: "A part of what is longer than one",
              examples: [1],
            }),
          ),
        }),
        detail: {
          ...describeIndex(
            "LlmsFullTxt",
            "text/plain",
            "# Getting started\n\nSource: https://docs.example.com/start\n…",
          ),
          summary: "Read the full text of a website",
          description: `The Markdown of its pages in reading order. What is longer than a part is given in several: without \`part\` the answer is then an index that leads to them. The problem \`version_removed\` (410) says that versions of pages that an older full text was made of are kept no longer. ${FRESH}`,
        },
      },
    )
    .get(
      "/:id/index.json",
      async ({ params, query, request }) => {
        const served = await store.read((from) =>
          getWebsiteIndex(from, viewerOf(request), params.id, "site_map", query.version),
        );
        return respondIndex(request, served, "application/json; charset=utf-8");
      },
      {
        permission: "read",
        params: byId("website"),
        query: t.Object({ version }),
        detail: {
          ...describeIndex("IndexJson", "application/json", {
            pages: 2,
            children: [{ host: "docs.example.com", count: 2 }],
          }),
          summary: "Read a website's site map",
          description: `All pages as a tree by host and path, in reading order, with their sizes, dates and hashes. ${FRESH}`,
        },
      },
    )
    .get(
      "/:id/indexes",
      async ({ params, query, request }) =>
        store.read(async (from) =>
          readPage(
            query,
            indexCursors,
            (limit, before) =>
              listWebsiteIndexes(from, viewerOf(request), params.id, { kind: query.kind, limit, before }),
            ({ id }) => id,
            viewIndex,
          ),
        ),
      {
        permission: "read",
        params: byId("website"),
        query: t.Object({
          ...pagingQuery,
          kind: t.Optional(OneOf(INDEX_KINDS, { description: "Only those of this kind", examples: ["llms_txt"] })),
        }),
        response: { 200: IndexPage, ...problems(400, 404, 500, 503) },
        detail: {
          summary: "List versions of llms.txt, the full text and the site map",
          description:
            "One is kept whenever it differs from the one before; of each kind the last 30, of large ones fewer.",
        },
      },
    )
    .get("/:id/llms", async ({ params, request }) => viewLlms(await getLlmsOptions(db, viewerOf(request), params.id)), {
      permission: "read",
      params: byId("website"),
      response: { 200: LlmsView, ...problems(400, 404, 500, 503) },
      detail: { summary: "Read how llms.txt is made", description: "With all defaults filled in." },
    })
    .put(
      "/:id/llms",
      async ({ params, body, request }) => viewLlms(await changeLlmsOptions(db, viewerOf(request), params.id, body)),
      {
        permission: "write",
        params: byId("website"),
        body: LlmsBody,
        response: { 200: LlmsView, ...problems(400, 403, 404, 413, 415, 500, 503) },
        detail: {
          summary: "Set how llms.txt is made",
          description:
            "All of it: what is left out takes its default. A job builds it anew; until then the old one is given.",
        },
      },
    )
    .post(
      "/:id/llms/preview",
      async ({ params, body, request }) => {
        using _turn = turnstile.enter(subjectOf(request)?.name);
        const website = await getWebsite(db, viewerOf(request), params.id);
        const options = readLlmsOptions(body);
        return viewLlmsPreview(await previewLlmsTxt({ db, parser }, website, options, signalOf(request)));
      },
      {
        permission: "read",
        params: byId("website"),
        body: LlmsBody,
        response: { 200: LlmsPreviewView, ...problems(400, 403, 404, 413, 415, 500, 503) },
        detail: {
          summary: "Try options of llms.txt",
          description: "Gives what they would make of the pages that are indexed. Nothing is changed.",
        },
      },
    );
};

function respondIndex(request: Request, served: ServedIndex, contentType: string): Response {
  const headers = headersOf(served, contentType);
  if (isUnmodified(request, headers["last-modified"])) return new Response(null, { status: 304, headers });
  return respondUnlessKnown(request, `"${served.index.contentHash}"`, headers, served.index.content);
}

async function respondFullText(
  db: App["db"],
  request: Request,
  served: ServedIndex,
  query: { version?: number; part?: number },
): Promise<Response> {
  const { index } = served;
  const list = readFullTextList(index.content);
  const part = query.part ?? (list.parts.length === 1 ? 1 : undefined);
  const etag = `"${index.contentHash}-${part ?? "parts"}"`;
  const headers = headersOf(served, PLAIN);
  if (isUnmodified(request, headers["last-modified"])) return new Response(null, { status: 304, headers });
  if (part === undefined || isKnown(request, etag)) {
    const ofVersion = query.version === undefined ? "" : `&version=${query.version}`;
    const text = writePartsIndex(list, (number) => `llms-full.txt?part=${number}${ofVersion}`);
    return respondUnlessKnown(request, etag, headers, text);
  }
  const documents = await checkPart(db, list, part);
  // A stream: it is sent as it is read, so it is not compressed.
  const streamed = { ...headers, etag, "cache-control": "private, no-cache, no-transform" };
  if (request.method === "HEAD") return new Response(null, { headers: streamed });
  return new Response(streamFullText(db, documents), { headers: streamed });
}

function headersOf({ index, isCurrent, indexedAt }: ServedIndex, contentType: string): Record<string, string> {
  return {
    "content-type": contentType,
    "content-security-policy": STRANGER,
    "last-modified": index.createdAt.toUTCString(),
    "x-orbweaver-version": String(index.version),
    ...(index.crawlId === null ? {} : { "x-orbweaver-crawl-id": index.crawlId }),
    ...(isCurrent && indexedAt ? { "x-orbweaver-indexed-at": indexedAt.toISOString() } : {}),
  };
}

/** A dot in an operation's name would break the clients that are made by it. */
const describeIndex = (name: string, type: string, example: unknown): DocumentDecoration => ({
  operationId: `getWebsitesById${name}`,
  responses: {
    200: {
      description: "The current version, or the one that is asked for",
      content: { [type]: { schema: { type: typeof example === "string" ? "string" : "object" }, example } },
    },
    304: { description: "It is the one that the request names" },
    ...describeProblems(400, 404, 410, 500, 503),
  },
});
