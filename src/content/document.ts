export type DocumentKind = "html" | "markdown" | "text" | "json" | "xml" | "other";

export type Link = { url: string; text: string; rel?: string };

export type Heading = { level: number; text: string; anchor?: string };

/** What a page says, apart from how its site dresses it. */
export type Document = {
  kind: DocumentKind;
  /** The essence of the MIME type as sniffed, not as the header claims. */
  contentType: string;
  /** The encoding the text was decoded from (WHATWG name), `null` for what is not text. */
  charset: string | null;
  title: string | null;
  description: string | null;
  /** BCP 47, as declared by the page. */
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
  metadata: { openGraph: Record<string, string>; jsonLd: unknown[]; images: string[]; tags: string[]; feeds: string[] };
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

export type DocumentInput = {
  /** Where the bytes came from; relative links resolve against it, or against `<base href>`. */
  url: string;
  body: Uint8Array<ArrayBuffer>;
  /** The `Content-Type` header as sent. */
  contentType: string | null;
  /** The `X-Robots-Tag` header as sent. */
  robotsTag?: string | null;
  /** `main` leaves navigation and other boilerplate out of the Markdown; `page` keeps all of it. */
  content: "main" | "page";
};

/** Grows when the same bytes would give another document, so that stored ones are known to be of the older make. */
export const EXTRACTOR_VERSION = 1;
