import { type Static, Type } from "@sinclair/typebox";
import type { Document, Link } from "../content/document.ts";
import type { PageDocument } from "../pages/document.ts";
import { exampleHash, exampleUrl, Id, Instant, Nullable } from "./fields.ts";

const Text = (description: string, ...examples: string[]) => Nullable(Type.String({ description, examples }));
const Texts = (description: string, ...examples: string[]) =>
  Type.Array(Type.String(), { description, examples: [examples] });

/** What a page says of itself. */
export const Metadata = Type.Object(
  {
    kind: Type.String({ description: "html, markdown, text, json, xml or other", examples: ["html"] }),
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

export function viewDocument({ page, document }: PageDocument): Static<typeof DocumentView> {
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
  };
}

type Said = Pick<
  Document,
  | "kind"
  | "title"
  | "description"
  | "language"
  | "canonicalUrl"
  | "siteName"
  | "authors"
  | "publishedAt"
  | "modifiedAt"
  | "charset"
  | "headings"
> &
  Document["metadata"];

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
  };
}

export const viewLink = ({ url, text, rel }: Link): Static<typeof LinkView> => ({
  url,
  text,
  ...(rel === undefined ? {} : { rel }),
});
