import { type Static, Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Turnstile } from "../access/turnstile.ts";
import type { App } from "../app.ts";
import { toHtml } from "../content/markdown/render.ts";
import { toPlainText } from "../content/plain-text.ts";
import { ExtractFields } from "../crawl/extract-options.ts";
import { type Scraped, scrape } from "../crawl/scrape.ts";
import { ChunksView, chunkOverlap, chunkTokens, viewChunks } from "./chunk-view.ts";
import { LinkView, Metadata, viewLink, viewMetadata } from "./document-view.ts";
import { readExtractOptions } from "./extract-fields.ts";
import { exampleUrl, Instant, OneOf, UrlField } from "./fields.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { signalOf, subjectOf } from "./request-context.ts";

const FORMATS = ["markdown", "html", "text", "raw_html", "links", "chunks"] as const;
type Format = (typeof FORMATS)[number];

const ScrapeRequest = Type.Object(
  {
    url: UrlField("The page"),
    formats: Type.Array(OneOf(FORMATS, {}), {
      default: ["markdown"],
      minItems: 1,
      maxItems: FORMATS.length,
      uniqueItems: true,
      description:
        "What to give: Markdown, clean HTML or plain text made from it, the body as it was sent, the links, the Markdown in passages",
      examples: [["markdown", "links"]],
    }),
    ...ExtractFields,
    chunk_tokens: Type.Integer(chunkTokens),
    chunk_overlap: Type.Integer(chunkOverlap),
    robots: Type.Boolean({ default: true, description: "Obey robots.txt" }),
    timeout_ms: Type.Integer({
      default: 30_000,
      minimum: 100,
      maximum: 120_000,
      description: "For everything together",
    }),
  },
  {
    additionalProperties: false,
    description: "The page to get, and how",
    examples: [
      {
        url: "https://docs.example.com/",
        formats: ["markdown", "links"],
        content: "main",
        include_selectors: [],
        exclude_selectors: [".comments"],
        images: true,
        links: true,
        navigation: false,
        chunk_tokens: 512,
        chunk_overlap: 64,
        robots: true,
        timeout_ms: 30_000,
      },
    ],
  },
);

const ScrapeView = Type.Object(
  {
    url: Type.String({ description: "As asked for, in its canonical spelling", examples: [exampleUrl] }),
    final_url: Type.String({ description: "After redirects", examples: [exampleUrl] }),
    status: Type.Integer({ description: "HTTP status", examples: [200] }),
    content_type: Type.String({ description: "As sniffed", examples: ["text/html"] }),
    fetched_at: Instant("When it was fetched"),
    duration_ms: Type.Integer({ description: "Milliseconds for everything", examples: [240] }),
    redirects: Type.Array(Type.Object({ url: Type.String(), status: Type.Integer(), location: Type.String() }), {
      description: "Each redirect on the way, in order",
      examples: [[{ url: "https://docs.example.com/", status: 301, location: exampleUrl }]],
    }),
    metadata: Metadata,
    markdown: Type.Optional(Type.String({ description: "CommonMark with GFM", examples: ["# Getting started\n"] })),
    html: Type.Optional(
      Type.String({ description: "Made from the Markdown: no scripts, no styles", examples: ["<!doctype html>\n…"] }),
    ),
    text: Type.Optional(
      Type.String({
        description: "Made from the Markdown: no marks, links by their text",
        examples: ["Getting started\n"],
      }),
    ),
    raw_html: Type.Optional(
      Type.Union([Type.String(), Type.Null()], {
        description: "The body as text; null for what is not text",
        examples: ["<!doctype html>\n…"],
      }),
    ),
    links: Type.Optional(Type.Array(LinkView)),
    chunks: Type.Optional(ChunksView),
  },
  { $id: "Scraped", description: "A page, fetched now" },
);

export const scrapeApi = (context: Pick<App, "fetch" | "parser" | "robots" | "clock">, turnstile: Turnstile) => {
  return new Elysia({ prefix: "/scrape", tags: ["Scrape"] }).use(permissions).post(
    "",
    async ({ body, request }) => {
      using _turn = turnstile.enter(subjectOf(request)?.name);
      const { url, robots, timeout_ms: timeoutMs } = body;
      const asked = { url, robots, timeoutMs, ...readExtractOptions(body) };
      return viewScraped(await scrape(context, asked, signalOf(request)), body);
    },
    {
      permission: "write",
      body: ScrapeRequest,
      response: { 200: ScrapeView, ...problems(400, 403, 413, 415, 422, 500, 502, 503, 504) },
      detail: {
        summary: "Get one page now",
        description:
          "Fetches a page and gives it at once; nothing is kept. A page that can't be had is a 502 or 504 whose `code` says why, one that may not be is a 422.",
      },
    },
  );
};

type Wanted = { formats: readonly Format[]; chunk_tokens: number; chunk_overlap: number };

function viewScraped(scraped: Scraped, { formats, ...sizes }: Wanted): Static<typeof ScrapeView> {
  const { document, finalUrl, html } = scraped;
  const { markdown, title, language, links } = document;
  return {
    url: scraped.url,
    final_url: finalUrl,
    status: scraped.status,
    content_type: document.contentType,
    fetched_at: scraped.fetchedAt.toISOString(),
    duration_ms: Math.round(scraped.durationMs),
    redirects: scraped.redirects.map(({ url, status, location }) => ({ url, status, location })),
    metadata: viewMetadata({ ...document, ...document.metadata }),
    ...(formats.includes("markdown") ? { markdown } : {}),
    ...(formats.includes("html") ? { html: toHtml(markdown, { title, language, url: finalUrl }) } : {}),
    ...(formats.includes("text") ? { text: toPlainText(markdown) } : {}),
    ...(formats.includes("raw_html") ? { raw_html: html } : {}),
    ...(formats.includes("links") ? { links: links.map(viewLink) } : {}),
    ...(formats.includes("chunks") ? { chunks: viewChunks(document, sizes) } : {}),
  };
}
