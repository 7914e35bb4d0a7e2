/** What the bytes are. `feed` is RSS or Atom. */
export const DOCUMENT_KINDS = [
  "html",
  "markdown",
  "text",
  "json",
  "xml",
  "csv",
  "feed",
  "pdf",
  "docx",
  "other",
] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/**
 * What a page is for. `collection` lists goods, `listing` anything else; `landing` stands for what an organisation
 * offers; news and blogs are `article`.
 */
export const PAGE_TYPES = [
  "article",
  "documentation",
  "wiki",
  "forum",
  "product",
  "collection",
  "listing",
  "repository",
  "landing",
] as const;
export type PageType = (typeof PAGE_TYPES)[number];

/** How the Markdown was chosen from the page. Shares and confidences are between 0 and 1. */
export type Quality = {
  /** The main content, all that is visible, or what the request's selectors name. */
  chosen: "main" | "page" | "selection";
  /** The rule that decided, by a stable name in kebab-case, such as `blocks` or `nothing-told-apart`. */
  rule: string;
  confidence: number;
  /** Share of the page's visible text that is in the Markdown. */
  textShare: number;
};

/** Why a part of the page is in the Markdown or not; neighbours decided alike are one. */
export type Decision = {
  isKept: boolean;
  /** As in `Quality`. */
  rule: string;
  confidence: number;
  /** Where it is, as a CSS selector that a request can give back. */
  selector: string;
  /** The beginning of its text, at most 200 characters. */
  text: string;
  /** Characters of its text in all, white space left out. */
  characters: number;
};

export type Link = { url: string; text: string; rel?: string };

/** The last one is often the page itself, and has no URL then. */
export type Breadcrumb = { text: string; url?: string };

export type Heading = { level: number; text: string; anchor?: string };

/** What a page says, apart from how its site dresses it. */
export type Document = {
  kind: DocumentKind;
  /** `null` for what is not HTML. */
  pageType: { type: PageType; confidence: number } | null;
  quality: Quality;
  /** Only when the input asks for them. */
  decisions?: Decision[];
  /** The essence of the MIME type as sniffed, not as the header claims. */
  contentType: string;
  /** The encoding the text was decoded from (WHATWG name), `null` for what is not text. */
  charset: string | null;
  title: string | null;
  description: string | null;
  /** BCP 47, as declared by the page, else as detected from its text. */
  language: string | null;
  /** Absolute. */
  canonicalUrl: string | null;
  siteName: string | null;
  authors: string[];
  /** ISO 8601. */
  publishedAt: string | null;
  modifiedAt: string | null;
  /** From `<meta name="robots">` and `X-Robots-Tag`. */
  robots: { noindex: boolean; nofollow: boolean };
  /** `og:` and `twitter:` properties, JSON-LD blocks as given, and other named meta values worth keeping. */
  metadata: {
    openGraph: Record<string, string>;
    jsonLd: unknown[];
    images: string[];
    tags: string[];
    feeds: string[];
    /** A URL where there is one, else the licence's name. */
    licence: string | null;
    /** From the start page down, as the page shows them. */
    breadcrumbs: Breadcrumb[];
  };
  headings: Heading[];
  /** All links of the page, absolute, in order, each URL once. */
  links: Link[];
  /** CommonMark + GFM: the main content, or the whole page when that was asked for. Empty when there is no text. */
  markdown: string;
  wordCount: number;
  /** SHA-256, hex, of the normalised Markdown. */
  contentHash: string;
  /** 64-bit SimHash of the Markdown's words, as a signed 64-bit integer; near-duplicates differ in few bits. */
  simhash: bigint;
  /** What could not be kept: the page passed a bound on nodes, depth or links. */
  isTruncated: boolean;
};

/** What a document says of itself, whatever its kind. */
export type Statements = Pick<
  Document,
  "title" | "description" | "language" | "canonicalUrl" | "siteName" | "authors" | "publishedAt" | "modifiedAt"
>;

/** How to make Markdown of a page. */
export type ExtractOptions = {
  /** `main` leaves navigation and other boilerplate out of the Markdown; `page` keeps all of it. */
  content: "main" | "page";
  /** CSS selectors: the Markdown holds what they match, and nothing else. None: the content is looked for. */
  includeSelectors: readonly string[];
  /** CSS selectors of what to leave out, whatever else holds. */
  excludeSelectors: readonly string[];
  /** False leaves images out. */
  images: boolean;
  /** False leaves the text of links without their URLs. */
  links: boolean;
  /** True keeps menus, breadcrumbs and tables of contents in the main content. */
  navigation: boolean;
};

export const DEFAULT_EXTRACT_OPTIONS: ExtractOptions = {
  content: "main",
  includeSelectors: [],
  excludeSelectors: [],
  images: true,
  links: true,
  navigation: false,
};

export type DocumentInput = {
  /** Where the bytes came from; relative links resolve against it, or against `<base href>`. */
  url: string;
  body: Uint8Array<ArrayBuffer>;
  /** The `Content-Type` header as sent. */
  contentType: string | null;
  /** The `X-Robots-Tag` header as sent. */
  robotsTag?: string | null;
  /** What the document says of each decision, which costs time. */
  explain?: boolean;
} & Partial<ExtractOptions>;

/** Grows when the same bytes would give another document, so that stored ones are known to be of the older make. */
export const EXTRACTOR_VERSION = 2;
