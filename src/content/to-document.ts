import { decodeText } from "./charset.ts";
import type { Document, DocumentInput, DocumentKind } from "./document.ts";
import { type Element, findElement, parseHtml, textOf, walk } from "./dom.ts";
import { type Extraction, extractPage } from "./extract.ts";
import { fingerprint } from "./fingerprint.ts";
import { toCodeBlock, toJsonBlock } from "./formats/code-block.ts";
import { readCsv } from "./formats/csv.ts";
import { readFeed } from "./formats/feed.ts";
import { parseJsonFeed, parseXmlFeed } from "./formats/feed-source.ts";
import { readMarkdownSource } from "./formats/markdown-source.ts";
import { readPlainSource } from "./formats/plain-source.ts";
import type { Reading, ReadingOptions } from "./formats/reading.ts";
import { isHeading, readHeadings } from "./headings.ts";
import { baseUrlOf, collectLinks } from "./links.ts";
import { findMainContent } from "./main/main-content.ts";
import { toMarkdown } from "./markdown/markdown.ts";
import { readMetadata } from "./metadata/metadata.ts";
import { kindOf, parseContentType, sniffType } from "./mime.ts";
import { type Models, readModels } from "./models.ts";
import { detectPageType } from "./page-type/detect.ts";
import { parseRobotsTag } from "./robots-directives.ts";
import { applySelectors } from "./selection.ts";
import { surveyPage } from "./survey.ts";

/**
 * Turns a response's body into a document. Pure, and the same for the same input; a type that holds no text gives a
 * document without Markdown rather than an error. PDF and docx come without Markdown too: they need `readDocument`.
 */
export function toDocument(input: DocumentInput, models: Models = readModels()): Document {
  const contentType = sniffType(input.contentType, input.body);
  const kind = kindOfResource(contentType, input.url);
  if (kind === "other" || kind === "pdf" || kind === "docx")
    return complete(input, { kind, contentType, charset: null }, "");
  const { text, charset } = decodeText(input.body, parseContentType(input.contentType)?.parameters.get("charset"));
  const source = { kind, contentType, charset };
  const clean = text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
  if (kind === "html") return fromHtml(input, source, clean, models);
  return fromReading(input, source, readText(kind, clean, source.contentType, partsOf(input)));
}

/**
 * The same for every kind. What reads PDF and docx is loaded when the first one comes.
 * @throws Error for a file that can't be opened: it is broken, encrypted, or passes a bound that reading needs
 */
export async function readDocument(input: DocumentInput, onProgress = () => {}): Promise<Document> {
  const contentType = sniffType(input.contentType, input.body);
  const kind = kindOf(contentType);
  if (kind !== "pdf" && kind !== "docx") return toDocument(input);
  const reading =
    kind === "pdf"
      ? await (await import("./formats/pdf/pdf.ts")).readPdf(input.body, partsOf(input), onProgress)
      : await (await import("./formats/docx.ts")).readDocx(input.body, partsOf(input));
  return fromReading(input, { kind, contentType, charset: null }, reading);
}

type Source = Pick<Document, "kind" | "contentType" | "charset">;

function partsOf({ url, images, links }: DocumentInput): ReadingOptions {
  return { url, images, links };
}

function kindOfResource(contentType: string, url: string): DocumentKind {
  const kind = kindOf(contentType);
  if (kind !== "text") return kind;
  const extension = /\.(\w{1,8})$/.exec(URL.parse(url)?.pathname ?? "")?.[1]?.toLowerCase();
  if (extension === "csv" || extension === "tsv") return "csv";
  return extension === "md" || extension === "mdx" || extension === "markdown" ? "markdown" : kind;
}

function readText(
  kind: "markdown" | "text" | "json" | "xml" | "csv" | "feed",
  text: string,
  contentType: string,
  options: ReadingOptions,
): Reading {
  const { url } = options;
  switch (kind) {
    case "csv":
      return readCsv(text, url, contentType === "text/tab-separated-values" ? "\t" : "");
    case "feed": {
      const feed = parseXmlFeed(text) ?? parseJsonFeed(text);
      if (feed) return readFeed(feed, options);
      return contentType.endsWith("json")
        ? { kind: "json", markdown: toJsonBlock(text) }
        : { kind: "xml", markdown: toCodeBlock(text, "xml") };
    }
    case "json":
      return { markdown: toJsonBlock(text) };
    case "xml":
      return { markdown: toCodeBlock(text, "xml") };
    case "markdown":
      return readMarkdownSource(text, url);
    case "text":
      return readPlainSource(text, url);
  }
}

function fromReading(input: DocumentInput, source: Source, { markdown, kind, metadata, ...found }: Reading): Document {
  const document = complete(input, { ...source, kind: kind ?? source.kind }, markdown, found);
  return { ...document, metadata: { ...document.metadata, ...metadata } };
}

function fromHtml(input: DocumentInput, source: Source, html: string, models: Models): Document {
  const page = parseHtml(html);
  const survey = surveyPage(page.root);
  const withoutFrames = survey.frameset && contentWithoutFrames(page.root);
  const root = withoutFrames ?? page.root;
  const baseUrl = baseUrlOf(survey, input.url);
  const metadata = readMetadata(survey, { url: input.url, baseUrl, robotsTag: input.robotsTag });
  const { links, isTruncated } = collectLinks(survey, baseUrl);
  const seen = withoutFrames ? surveyPage(root) : survey;
  const detected = detectPageType({ survey: seen, url: input.url, jsonLd: metadata.metadata.jsonLd }, models.types);
  const { content, isTruncated: isCut } = applySelectors(root, input, () =>
    (input.content ?? "main") === "page"
      ? extractPage(root)
      : findMainContent({ ...metadata, survey: seen, url: input.url, detected }, models, input),
  );
  const { quality, decisions } = content;
  const markdown = toMarkdown(content.root, { baseUrl, keep: content.keep, images: input.images, links: input.links });
  const headings = readHeadings(headingsIn(content));
  return complete(input, source, markdown, {
    ...metadata,
    headings,
    links,
    isTruncated: page.isTruncated || isTruncated || isCut || content.isTruncated === true,
    pageType: { type: detected.type, confidence: detected.confidence },
    quality,
    ...(decisions ? { decisions } : {}),
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
    pageType: null,
    quality: { chosen: "page", rule: "as-is", confidence: 1, textShare: 1 },
    metadata: { openGraph: {}, jsonLd: [], images: [], tags: [], feeds: [], licence: null, breadcrumbs: [] },
    headings: [],
    links: [],
    isTruncated: false,
    ...found,
    ...source,
    markdown,
    ...fingerprint(markdown),
  };
}
