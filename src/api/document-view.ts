import { type Static, Type } from "@sinclair/typebox";
import { type Document, type Link, PAGE_TYPES, type Quality, type Statements } from "../content/document.ts";
import type { PageDocument } from "../pages/document.ts";
import { type ChunkSizes, ChunksView, viewChunks } from "./chunk-view.ts";
import { exampleHash, exampleUrl, Id, Instant, Nullable, OneOf } from "./fields.ts";

const Text = (description: string, ...examples: string[]) => Nullable(Type.String({ description, examples }));
const Texts = (description: string, ...examples: string[]) =>
  Type.Array(Type.String(), { description, examples: [examples] });

const Share = (description: string, example: number) =>
  Type.Number({ minimum: 0, maximum: 1, description, examples: [example] });

export const QualityView = Type.Object(
  {
    chosen: OneOf(["main", "page", "selection"], {
      description: "The main content, all that is visible, or what selectors name",
      examples: ["main"],
    }),
    rule: Type.String({ description: "The rule that decided", examples: ["blocks"] }),
    confidence: Share("How sure that is", 0.93),
    text_share: Share("Share of the page's visible text that is in the Markdown", 0.71),
  },
  { $id: "Quality", description: "How the Markdown was chosen from the page" },
);

export const PageTypeView = Type.Object(
  {
    type: OneOf(PAGE_TYPES, { description: "What the page is for", examples: ["documentation"] }),
    confidence: Share("How sure that is", 0.88),
  },
  { $id: "PageType", description: "What a page is for" },
);

/** What a page says of itself. */
export const Metadata = Type.Object(
  {
    kind: Type.String({
      description: "html, markdown, text, json, xml, csv, feed, pdf, docx or other",
      examples: ["html"],
    }),
    title: Text("The page's title", "Getting started"),
    description: Text("Its description", "How to install and run it"),
    language: Text("BCP 47, as it declares it", "en"),
    canonical_url: Text("The URL it names as its own", "https://docs.example.com/start"),
    site_name: Text("The website's name", "Example Docs"),
    authors: Texts("Who wrote it", "Ada Lovelace"),
    published_at: Text("ISO 8601", "2026-01-31"),
    modified_at: Text("ISO 8601", "2026-02-01T10:00:00Z"),
    charset: Text("The encoding its text was read by", "utf-8"),
    headings: Type.Array(
      Type.Object({ level: Type.Integer(), text: Type.String(), anchor: Type.Optional(Type.String()) }),
      { description: "In order", examples: [[{ level: 1, text: "Getting started", anchor: "start" }]] },
    ),
    open_graph: Type.Record(Type.String(), Type.String(), {
      description: "og: and twitter: properties",
      examples: [{ "og:type": "article" }],
    }),
    json_ld: Type.Array(Type.Unknown(), {
      description: "JSON-LD blocks as they are",
      examples: [[{ "@type": "Article" }]],
    }),
    images: Texts("Images that stand for the page", "https://docs.example.com/card.png"),
    tags: Texts("Keywords and tags", "guide"),
    feeds: Texts("Feeds it names", "https://docs.example.com/feed.xml"),
    licence: Text("URL of its licence, or the licence's name", "https://creativecommons.org/licenses/by/4.0/"),
    breadcrumbs: Type.Array(Type.Object({ text: Type.String(), url: Type.Optional(Type.String()) }), {
      description: "The way to it from the start page; the last one is often the page itself, without a URL",
      examples: [[{ text: "Docs", url: "https://docs.example.com/" }, { text: "Getting started" }]],
    }),
    page_type: Nullable(PageTypeView),
    quality: Nullable(QualityView),
  },
  { $id: "Metadata", description: "What a page says of itself" },
);

export const LinkView = Type.Object(
  {
    url: Type.String({ description: "Absolute", examples: ["https://docs.example.com/install"] }),
    text: Type.String({ description: "What is linked", examples: ["Install"] }),
    rel: Type.Optional(Type.String({ examples: ["nofollow"] })),
  },
  { $id: "Link", description: "A link of a page" },
);

export const DocumentView = Type.Object(
  {
    page_id: Id("The page"),
    url: Type.String({ description: "The page's canonical URL", examples: [exampleUrl] }),
    version: Type.Integer({ description: "Counts the texts the page has had, from 1", examples: [1] }),
    crawl_id: Nullable(Id("The crawl that brought this version")),
    fetched_at: Instant("When this version was fetched"),
    markdown: Type.String({ description: "CommonMark with GFM", examples: ["# Getting started\n"] }),
    word_count: Type.Integer({ examples: [420] }),
    content_hash: Type.String({ description: "SHA-256 of the normalised Markdown, hex", examples: [exampleHash] }),
    simhash: Type.String({
      description: "64-bit SimHash as a signed number; near-duplicates differ in few bits",
      examples: ["-3689348814741910324"],
    }),
    metadata: Metadata,
    chunks: Type.Optional(ChunksView),
  },
  { $id: "Document", description: "A page's document" },
);

export const LinksView = Type.Object(
  {
    page_id: Id("The page"),
    url: Type.String({ examples: [exampleUrl] }),
    items: Type.Array(LinkView, { description: "In the page's order" }),
  },
  { $id: "Links", description: "A page's links, each URL once" },
);

/** With its passages, if sizes of them are given. */
export function viewDocument({ page, document }: PageDocument, sizes?: ChunkSizes): Static<typeof DocumentView> {
  const { kind, title, description, language, charset, details } = document;
  return {
    page_id: page.id,
    url: page.url,
    version: document.version,
    crawl_id: document.crawlId,
    fetched_at: document.fetchedAt.toISOString(),
    markdown: document.markdown,
    word_count: document.wordCount,
    content_hash: document.contentHash,
    simhash: String(document.simhash),
    metadata: viewMetadata({ kind, title, description, language, charset, ...details }),
    ...(sizes ? { chunks: viewChunks({ ...document, headings: details.headings }, sizes) } : {}),
  };
}

type Said = Statements &
  Pick<Document, "kind" | "charset" | "headings"> &
  Omit<Document["metadata"], "licence" | "breadcrumbs"> &
  // Documents that were stored before these were told lack them.
  Partial<Pick<Document["metadata"], "licence" | "breadcrumbs"> & Pick<Document, "pageType" | "quality">>;

export function viewMetadata(said: Said): Static<typeof Metadata> {
  const { kind, title, description, language, authors, charset, headings, images, tags, feeds } = said;
  return {
    kind,
    title,
    description,
    language,
    canonical_url: said.canonicalUrl,
    site_name: said.siteName,
    authors,
    published_at: said.publishedAt,
    modified_at: said.modifiedAt,
    charset,
    headings,
    open_graph: said.openGraph,
    json_ld: said.jsonLd,
    images,
    tags,
    feeds,
    licence: said.licence ?? null,
    breadcrumbs: (said.breadcrumbs ?? []).map(({ text, url }) => ({ text, ...(url === undefined ? {} : { url }) })),
    page_type: said.pageType ?? null,
    quality: said.quality ? viewQuality(said.quality) : null,
  };
}

export const viewQuality = ({ chosen, rule, confidence, textShare }: Quality): Static<typeof QualityView> => ({
  chosen,
  rule,
  confidence,
  text_share: textShare,
});

export const viewLink = ({ url, text, rel }: Link): Static<typeof LinkView> => ({
  url,
  text,
  ...(rel === undefined ? {} : { rel }),
});
