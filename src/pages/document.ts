import { eq } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import type { Document, DocumentKind, ExtractOptions, Link } from "../content/document.ts";
import { kindOf, parseContentType } from "../content/mime.ts";
import { ParseError, type ParserPool } from "../content/parser-pool.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, rawHtml } from "../db/schema/pages.ts";
import { AppError } from "../errors.ts";
import { getPage, type Page } from "./pages.ts";

export type StoredDocument = typeof markdownDocuments.$inferSelect;

export type PageDocument = { page: Page; document: StoredDocument };

export type RawPage = {
  page: Page;
  /** As the server sent it, content-decoded. */
  body: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the body, hex. */
  hash: string;
  /** With the encoding its text was read by. */
  contentType: string;
};

type Context = { db: Db; parser: ParserPool };

/** @throws AppError `not_found`, with the code `no_document` for a page without text, such as a film */
export async function getDocument(db: Db, viewer: Viewer, pageId: string): Promise<PageDocument> {
  const page = await getPage(db, viewer, pageId);
  const document = await findDocument(db, page);
  if (!document) throw withoutDocument(page);
  return { page, document };
}

/**
 * A document with its Markdown made anew from the stored body, as the options say.
 * @throws AppError `not_found`, `unprocessable`, `unavailable`
 */
export async function remakeDocument(
  context: Context,
  { page, document }: PageDocument,
  options: Partial<ExtractOptions>,
  signal?: AbortSignal,
): Promise<PageDocument> {
  const raw = await getRawOf(context.db, page, document);
  const made = await parseRaw(context.parser, raw, options, signal);
  const { markdown, wordCount, contentHash, simhash, headings, quality } = made;
  const details = { ...document.details, headings, quality };
  return { page, document: { ...document, markdown, wordCount, contentHash, simhash, details } };
}

/** @throws AppError `not_found`, with the code `no_document` for a page whose body is not kept */
export async function getRaw(db: Db, viewer: Viewer, pageId: string): Promise<RawPage> {
  const page = await getPage(db, viewer, pageId);
  return getRawOf(db, page, await findDocument(db, page));
}

/**
 * The body that a version was made of, or else the page's last one.
 * @throws AppError `not_found` with the code `no_document`
 */
export async function getRawOf(db: Db, page: Page, document: StoredDocument | undefined): Promise<RawPage> {
  const hash = document?.rawHash ?? page.rawHash;
  const [stored] = hash ? await db.select().from(rawHtml).where(eq(rawHtml.hash, hash)) : [];
  if (!stored) throw withoutDocument(page);
  const body = new Uint8Array(await Bun.zstdDecompress(stored.zstd));
  const charset = document?.charset ? `; charset=${document.charset}` : "";
  return { page, body, hash: stored.hash, contentType: typeOf(page, document) + charset };
}

/** A page that is something else by now had another type then, of which the kind of its document is known. */
function typeOf({ contentType }: Page, document: StoredDocument | undefined): string {
  const isStill = !document || kindOf(parseContentType(contentType)?.essence ?? "") === document.kind;
  return isStill ? (contentType ?? "application/octet-stream") : TYPES[document.kind];
}

const TYPES: Record<DocumentKind, string> = {
  html: "text/html",
  markdown: "text/markdown",
  text: "text/plain",
  json: "application/json",
  xml: "application/xml",
  csv: "text/csv",
  feed: "application/xml",
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  other: "application/octet-stream",
};

/**
 * All links of the page in its order. They are read from the stored body, which says the same every time, rather than
 * stored beside it.
 * @throws AppError `not_found`, `unprocessable`, `unavailable`
 */
export async function getLinks(
  { db, parser }: Context,
  viewer: Viewer,
  pageId: string,
  signal?: AbortSignal,
): Promise<{ page: Page; links: Link[] }> {
  const raw = await getRaw(db, viewer, pageId);
  const { links } = await parseRaw(parser, raw, {}, signal);
  return { page: raw.page, links };
}

async function findDocument(db: Db, { documentId }: Page): Promise<StoredDocument | undefined> {
  if (documentId === null) return undefined;
  const [document] = await db.select().from(markdownDocuments).where(eq(markdownDocuments.id, documentId));
  return document;
}

async function parseRaw(
  parser: ParserPool,
  { page, body, contentType }: RawPage,
  options: Partial<ExtractOptions>,
  signal: AbortSignal | undefined,
): Promise<Document> {
  try {
    return (await parser.parse({ url: page.url, body, contentType, ...options }, signal)).document;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const isOurs = error.code === "queue_full" || error.code === "cancelled";
    throw new AppError(isOurs ? "unavailable" : "unprocessable", error.message, { code: error.code, cause: error });
  }
}

/** The answer about a page without text, such as a film. */
export function withoutDocument({ id, contentType, status }: Page): AppError {
  const why = `its last answer was ${status} with ${contentType ?? "no content type"}`;
  return new AppError("not_found", `Page ${id} has no document: ${why}`, { code: "no_document" });
}
