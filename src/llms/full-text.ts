import { eq, inArray } from "drizzle-orm";
import { headingText, type Piece, readPieces } from "../content/markdown-pieces.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pages } from "../db/schema/pages.ts";
import { AppError } from "../errors.ts";
import type { ListedPage } from "./listed-pages.ts";
import { writeHeading, writeParagraph, writeText } from "./markdown-line.ts";
import type { WebsiteName } from "./website-list.ts";

/** What the full text of a website is put together from: documents by their ids, in reading order, in parts. */
export type FullTextList = { title: string; summary: string | null; parts: FullTextPart[] };

type FullTextPart = {
  /** About: headings are moved a level down where they would clash. */
  bytes: number;
  tokens: number;
  /** URLs of its first and last page. */
  first: string;
  last: string;
  documents: string[];
};

/** What stands around a document's text, about. */
const FRAME_BYTES = 100;

/** What is read at once, and held until it is sent: a document may have some megabytes. */
const BATCH_DOCUMENTS = 16;
const CHECKED = 1_000;

const encoder = new TextEncoder();

/** Shares documents out to parts. A text that is longer than a part is a part of its own. */
export function planFullText(
  ordered: readonly ListedPage[],
  { title, summary, maxBytes }: WebsiteName & { maxBytes: number },
): FullTextList {
  const list: FullTextList = { title, summary: summary ?? null, parts: [] };
  for (const page of ordered) {
    const bytes = page.byteLength + FRAME_BYTES + page.url.length;
    let part = list.parts.at(-1);
    if (!part || part.bytes + bytes > maxBytes) {
      part = { bytes: 0, tokens: 0, first: page.url, last: page.url, documents: [] };
      list.parts.push(part);
    }
    part.bytes += bytes;
    part.tokens += page.tokens;
    part.last = page.url;
    part.documents.push(page.documentId);
  }
  return list;
}

/** Reads what `planFullText` gave and the database kept; of very many pages it is too long to be looked over each time. */
export const readFullTextList = (content: string): FullTextList => JSON.parse(content) as FullTextList;

/**
 * What leads to the parts, in the form of `llms.txt`.
 * @param linkTo where a part is, counted from 1
 */
export function writePartsIndex({ title, summary, parts }: FullTextList, linkTo: (part: number) => string): string {
  const documents = parts.reduce((count, part) => count + part.documents.length, 0);
  const lines = parts.map(({ bytes, tokens, first, last, documents: { length } }, index) => {
    const size = `${count(length)} ${length === 1 ? "page" : "pages"}, about ${inMegabytes(bytes)}, ${count(tokens)} tokens`;
    return `- [Part ${index + 1}](${linkTo(index + 1)}): ${size}, from ${first} to ${last}`;
  });
  const blocks = [`# ${writeHeading(title)}`];
  if (summary !== null) blocks.push(`> ${writeParagraph(summary)}`);
  blocks.push(`The text of ${count(documents)} pages, in ${count(parts.length)} parts.`, "## Parts", lines.join("\n"));
  return `${blocks.join("\n\n")}\n`;
}

/**
 * Makes sure that all documents of a part are there, before the first byte of it is sent.
 * @throws AppError `not_found` for a part that there is not; `gone`, with the code `version_removed`, when versions of pages
 *   that it has were given up
 */
export async function checkPart(db: Db, list: FullTextList, number: number): Promise<string[]> {
  const part = list.parts[number - 1];
  if (!part) throw new AppError("not_found", `There is no part ${number}; the last is ${list.parts.length}`);
  for (let at = 0; at < part.documents.length; at += CHECKED) {
    const ids = part.documents.slice(at, at + CHECKED);
    const found = await db.$count(markdownDocuments, inArray(markdownDocuments.id, ids));
    if (found === ids.length) continue;
    throw new AppError(
      "gone",
      `${ids.length - found} of the versions of pages that this text was made of are kept no longer; ask for the current one`,
      { code: "version_removed" },
    );
  }
  return part.documents;
}

/** The text of documents in their order, batch by batch; each begins with its title and where it comes from. */
export async function* readFullText(db: Db, documentIds: readonly string[]): AsyncGenerator<string, void> {
  for (let at = 0; at < documentIds.length; at += BATCH_DOCUMENTS) {
    const ids = documentIds.slice(at, at + BATCH_DOCUMENTS);
    const rows = await db
      .select({
        id: markdownDocuments.id,
        title: markdownDocuments.title,
        markdown: markdownDocuments.markdown,
        fetchedAt: markdownDocuments.fetchedAt,
        url: pages.url,
      })
      .from(markdownDocuments)
      .innerJoin(pages, eq(pages.id, markdownDocuments.pageId))
      .where(inArray(markdownDocuments.id, ids));
    const byId = new Map(rows.map((row) => [row.id, row]));
    const texts = ids.map((id) => {
      const row = byId.get(id);
      // Given up since it was looked for: the answer is cut off rather than wrong.
      if (!row) throw new AppError("gone", `Document ${id} is kept no longer`, { code: "version_removed" });
      return writeDocument(row);
    });
    yield (at === 0 ? "" : "\n") + texts.join("\n");
  }
}

export function streamFullText(db: Db, documentIds: readonly string[]): ReadableStream<Uint8Array> {
  const texts = readFullText(db, documentIds);
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { value, done } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => {
      await texts.return();
    },
  });
}

type FullTextDocument = { title: string | null; markdown: string; fetchedAt: Date; url: string };

/**
 * A document under a heading of its own, which is its first one where it begins with one of the first level. If it has
 * others of that level, all go one down.
 */
export function writeDocument({ title, markdown, fetchedAt, url }: FullTextDocument): string {
  const headings = readPieces(markdown).filter(({ kind }) => kind === "heading");
  const [first] = headings;
  const own = first && first.level === 1 && markdown.slice(0, first.start).trim() === "" ? first : undefined;
  const name = own ? headingText(markdown, own) : (title ?? "");
  const rest = own ? headings.slice(1) : headings;
  const body = rest.some(({ level }) => level === 1) ? lower(markdown, rest) : markdown;
  const head = `# ${writeHeading(name || url)}\n\nSource: ${url}\nFetched: ${fetchedAt.toISOString()}\n`;
  const text = body.slice(own?.end ?? 0).trim();
  return text === "" ? head : `${head}\n${text}\n`;
}

/** What stands before the first of them stays where it is. */
function lower(markdown: string, headings: readonly Piece[]): string {
  let out = "";
  let from = 0;
  for (const heading of headings) {
    const { start, end, level } = heading;
    const source = markdown.slice(start, end);
    const marks = source.search(/\S/);
    out += markdown.slice(from, start);
    // One that is underlined has no marks to add to.
    if (source.charAt(marks) !== "#")
      out += `${"#".repeat(level + 1)} ${writeText(headingText(markdown, heading))}\n\n`;
    else out += level < 6 ? `${source.slice(0, marks)}#${source.slice(marks)}` : source;
    from = end;
  }
  return out + markdown.slice(from);
}

const count = (number: number) => number.toLocaleString("en");
const inMegabytes = (bytes: number) => `${(bytes / 1_000_000).toFixed(1)} MB`;
