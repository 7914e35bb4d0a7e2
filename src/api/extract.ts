import { type Static, Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { createTurnstile } from "../access/turnstile.ts";
import type { App } from "../app.ts";
import { blocksOfSide } from "../changes/diff/blocks-of-side.ts";
import type { Decision, Document, ExtractOptions } from "../content/document.ts";
import type { ExtractFields } from "../crawl/extract-options.ts";
import {
  type Comparison,
  MAX_DECISIONS,
  type Preview,
  type PreviewSource,
  previewExtraction,
} from "../crawl/extract-preview.ts";
import { Metadata, QualityView, viewMetadata, viewQuality } from "./document-view.ts";
import { checkSelectors, ExtractBody } from "./extract-fields.ts";
import { badField, exampleUrl, Id, Nullable, readUrl, UrlField } from "./fields.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { signalOf, subjectOf, viewerOf } from "./request-context.ts";

const PreviewRequest = Type.Object(
  {
    url: Type.Optional(UrlField("A page to fetch; or else html, or page_id")),
    html: Type.Optional(
      Type.String({ maxLength: 20_000_000, description: "The page itself", examples: ["<main><h1>Webs</h1></main>"] }),
    ),
    base_url: Type.Optional(UrlField("Where that HTML is from, for its links; https://example.com/ unless given")),
    page_id: Type.Optional(Id("A stored page, whose body is read again")),
    website_id: Type.Optional(Id("Whose options hold where none is given; a stored page's website by itself")),
    options: Type.Optional(ExtractBody),
    compare: Type.Optional(
      Type.Array(ExtractBody, {
        maxItems: 3,
        description: "Options to hold the result against",
        examples: [[{ content: "page" }]],
      }),
    ),
    robots: Type.Boolean({ default: true, description: "Obey robots.txt when the page is fetched" }),
    timeout_ms: Type.Integer({
      default: 30_000,
      minimum: 100,
      maximum: 120_000,
      description: "For everything together",
    }),
  },
  {
    additionalProperties: false,
    description: "A page, and the options to try on it",
    examples: [
      {
        url: "https://docs.example.com/",
        options: { exclude_selectors: [".comments"] },
        compare: [{}],
        robots: true,
        timeout_ms: 30_000,
      },
    ],
  },
);

const Characters = (description: string) => Type.Integer({ minimum: 0, description, examples: [1_250] });

const DecisionView = Type.Object(
  {
    is_kept: Type.Boolean({ description: "Whether it is in the Markdown", examples: [false] }),
    rule: Type.String({ description: "The rule that decided", examples: ["exclude-selectors"] }),
    confidence: Type.Number({ minimum: 0, maximum: 1, description: "How sure that is", examples: [0.97] }),
    selector: Type.String({ description: "Where it is; a request can give it back", examples: ["div.comments"] }),
    text: Type.String({ description: "The beginning of its text", examples: ["3 comments"] }),
    characters: Characters("Characters of its text, white space left out"),
  },
  { $id: "Decision", description: "Why a part of a page is in the Markdown or not" },
);

const BlocksView = Type.Object({
  count: Type.Integer({ minimum: 0, description: "How many there are", examples: [1] }),
  first: Type.Array(Type.String(), { description: "The first of them, long ones cut", examples: [["- [Home](/)"]] }),
});

const Result = {
  options: Type.Record(Type.String(), Type.Unknown(), {
    description: "All extract options as they held",
    examples: [{ content: "main", exclude_selectors: [".comments"] }],
  }),
  quality: QualityView,
  word_count: Type.Integer({ minimum: 0, description: "Words of the Markdown", examples: [420] }),
  is_truncated: Type.Boolean({
    description:
      "Whether a part of the page was not looked at: it passes a bound on size, depth, or what selectors cost",
    examples: [false],
  }),
};

const PreviewView = Type.Object(
  {
    url: Type.String({ description: "The page's, after redirects", examples: [exampleUrl] }),
    ...Result,
    markdown: Type.String({ description: "CommonMark with GFM", examples: ["# Getting started\n"] }),
    metadata: Metadata,
    characters: Nullable(
      Type.Object(
        { kept: Characters("In the Markdown"), removed: Characters("Left out") },
        {
          description: "The page's text by what became of it; null where parts are not told apart",
          examples: [{ kept: 1_250, removed: 310 }],
        },
      ),
    ),
    decisions: Type.Object({
      total: Type.Integer({ minimum: 0, description: "How many there are", examples: [12] }),
      items: Type.Array(DecisionView, { description: `The first ${MAX_DECISIONS}, in the page's order` }),
    }),
    comparisons: Type.Array(
      Type.Object({
        of: Type.Union([Type.Literal("website"), Type.Literal("request")], {
          description: "The website's options as they are now, or one of `compare`",
          examples: ["website"],
        }),
        ...Result,
        only_in_preview: BlocksView,
        only_here: BlocksView,
      }),
      { description: "What other options give, and the blocks of Markdown by which they differ" },
    ),
  },
  { $id: "ExtractPreview", description: "What options would make of a page" },
);

type Context = Pick<App, "config" | "db" | "fetch" | "parser" | "robots" | "clock">;

export const extractApi = (context: Context) => {
  const turnstile = createTurnstile(context.config.MAX_SCRAPES_PER_KEY, "previews");
  return new Elysia({ prefix: "/extract", tags: ["Extract"] }).use(permissions).post(
    "/preview",
    async ({ body, request }) => {
      using _turn = turnstile.enter(subjectOf(request)?.name);
      return viewPreview(await previewExtraction(context, viewerOf(request), readRequest(body), signalOf(request)));
    },
    {
      permission: "write",
      body: PreviewRequest,
      response: { 200: PreviewView, ...problems(400, 403, 404, 413, 415, 422, 500, 502, 503, 504) },
      detail: {
        summary: "Try extract options on a page",
        description:
          "Makes Markdown of a page as the options say, tells what was kept and left out and why, and holds it against other options. Nothing is stored.",
      },
    },
  );
};

type Body = Static<typeof PreviewRequest>;

function readRequest(body: Body) {
  const { website_id: websiteId, timeout_ms: timeoutMs } = body;
  // The schema let through what is in them.
  const options = (body.options ?? {}) as Partial<ExtractFields>;
  const compare = (body.compare ?? []) as Partial<ExtractFields>[];
  checkSelectors(options, "/options");
  for (const [index, given] of compare.entries()) checkSelectors(given, `/compare/${index}`);
  return { source: readSource(body), websiteId, options, compare, timeoutMs };
}

function readSource({ url, html, base_url: baseUrl, page_id: pageId, robots }: Body): PreviewSource {
  if ([url, html, pageId].filter((given) => given !== undefined).length !== 1)
    throw badField("/url", "must be there, or html, or page_id: one of the three");
  if (baseUrl !== undefined && html === undefined) throw badField("/base_url", "is for html alone");
  if (url !== undefined) return { url, robots };
  if (pageId !== undefined) return { pageId };
  return { html: html ?? "", baseUrl: readUrl(baseUrl ?? "https://example.com/", "/base_url") };
}

function viewPreview(preview: Preview): Static<typeof PreviewView> {
  const { document, characters } = preview;
  return {
    url: preview.url,
    ...viewResult(preview.options, document),
    markdown: document.markdown,
    metadata: viewMetadata({ ...document, ...document.metadata }),
    characters,
    decisions: { total: preview.decisionCount, items: preview.decisions.map(viewDecision) },
    comparisons: preview.comparisons.map(viewComparison),
  };
}

function viewComparison({ of, options, document, difference }: Comparison) {
  const [before, after] = [blocksOfSide(difference, "before"), blocksOfSide(difference, "after")];
  return { of, ...viewResult(options, document), only_in_preview: before, only_here: after };
}

function viewResult(options: ExtractOptions, { quality, wordCount, isTruncated }: Document) {
  const { content, includeSelectors, excludeSelectors, images, links, navigation } = options;
  const selectors = { include_selectors: includeSelectors, exclude_selectors: excludeSelectors };
  return {
    options: { content, ...selectors, images, links, navigation },
    quality: viewQuality(quality),
    word_count: wordCount,
    is_truncated: isTruncated,
  };
}

function viewDecision({ isKept, rule, confidence, selector, text, characters }: Decision): Static<typeof DecisionView> {
  return { is_kept: isKept, rule, confidence, selector, text, characters };
}
