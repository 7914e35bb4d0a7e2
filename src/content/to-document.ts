import { decodeText } from "./charset.ts";
import type { Document, DocumentInput, DocumentKind } from "./document.ts";
import { type Element, findElement, parseHtml, textOf, walk } from "./dom.ts";
import { type Extraction, extractMain, extractPage } from "./extract.ts";
import { fingerprint } from "./fingerprint.ts";
import { isHeading, readHeadings } from "./headings.ts";
import { baseUrlOf, collectLinks } from "./links.ts";
import { toMarkdown } from "./markdown/markdown.ts";
import { readMarkdownSource } from "./markdown-source.ts";
import { readMetadata } from "./metadata.ts";
import { kindOf, parseContentType, sniffType } from "./mime.ts";
import { parseRobotsTag } from "./robots-directives.ts";
import { surveyPage } from "./survey.ts";
import { withTitle } from "./title-heading.ts";

/** JSON longer than this is kept as it was sent. */
const maxPrettyLength = 256 * 1024;

/**
 * Turns a response's body into a document. Pure, and the same for the same input; a type that holds no text gives a
 * document without Markdown rather than an error.
 */
export function toDocument(input: DocumentInput): Document {
  const contentType = sniffType(input.contentType, input.body);
  const kind = kindOfResource(contentType, input.url);
  if (kind === "other") return complete(input, { kind, contentType, charset: null }, "");
  const { text, charset } = decodeText(input.body, parseContentType(input.contentType)?.parameters.get("charset"));
  const source = { kind, contentType, charset };
  const clean = text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
  switch (kind) {
    case "html":
      return fromHtml(input, source, clean);
    case "json":
      return complete(input, source, fence(prettyJson(clean), "json"));
    case "xml":
      return complete(input, source, fence(clean, "xml"));
    case "markdown":
    case "text": {
      const normal = clean.replace(/\r\n?/g, "\n");
      return complete(input, source, normal, readMarkdownSource(normal, input.url, kind === "markdown"));
    }
  }
}

type Source = Pick<Document, "kind" | "contentType" | "charset">;

function kindOfResource(contentType: string, url: string): DocumentKind {
  const kind = kindOf(contentType);
  return kind === "text" && /\.(?:md|mdx|markdown)$/i.test(URL.parse(url)?.pathname ?? "") ? "markdown" : kind;
}

function fromHtml(input: DocumentInput, source: Source, html: string): Document {
  const page = parseHtml(html);
  const survey = surveyPage(page.root);
  const withoutFrames = survey.frameset && contentWithoutFrames(page.root);
  const root = withoutFrames ?? page.root;
  const baseUrl = baseUrlOf(survey, input.url);
  const metadata = readMetadata(survey, baseUrl, input.robotsTag);
  const { links, isTruncated } = collectLinks(survey, baseUrl);
  const { headings: titles } = withoutFrames ? surveyPage(root) : survey;
  const content = input.content === "page" ? extractPage(root) : withTitle(extractMain(root), titles, metadata.title);
  const markdown = toMarkdown(content.root, { baseUrl, keep: content.keep });
  const headings = readHeadings(headingsIn(content));
  return complete(input, source, markdown, {
    ...metadata,
    headings,
    links,
    isTruncated: page.isTruncated || isTruncated,
  });
}

function headingsIn({ root, keep }: Extraction): Element[] {
  const headings: Element[] = [];
  walk(root, (element) => {
    if (!keep(element)) return false;
    if (isHeading(element)) headings.push(element);
    return true;
  });
  return headings;
}

/** The parser leaves `<noframes>` unread, as browsers do; it is all the text such a page has. */
function contentWithoutFrames(root: Element): Element | undefined {
  const noframes = findElement(root, "noframes");
  return noframes && parseHtml(textOf(noframes)).root;
}

function complete(input: DocumentInput, source: Source, markdown: string, found: Partial<Document> = {}): Document {
  return {
    title: null,
    description: null,
    language: null,
    canonicalUrl: null,
    siteName: null,
    authors: [],
    publishedAt: null,
    modifiedAt: null,
    robots: parseRobotsTag(input.robotsTag),
    metadata: { openGraph: {}, jsonLd: [], images: [], tags: [], feeds: [] },
    headings: [],
    links: [],
    isTruncated: false,
    ...found,
    ...source,
    markdown,
    ...fingerprint(markdown),
  };
}

function prettyJson(text: string): string {
  if (text.length > maxPrettyLength) return text;
  try {
    const pretty = JSON.stringify(JSON.parse(text), null, 2);
    // Indentation of deep nesting grows with the square of its depth.
    return pretty.length <= 4 * maxPrettyLength ? pretty.toWellFormed() : text;
  } catch {
    return text;
  }
}

/** A code block whose fence is longer than any run of back-ticks inside. */
function fence(text: string, language: string): string {
  const trimmed = text.replace(/^\ufeff/, "").trim();
  if (trimmed === "") return "";
  let longest = 2;
  for (const [run] of trimmed.matchAll(/`{3,}/g)) longest = Math.max(longest, run.length);
  const marks = "`".repeat(longest + 1);
  return `${marks}${language}\n${trimmed}\n${marks}\n`;
}
