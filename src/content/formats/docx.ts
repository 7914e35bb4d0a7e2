import mammoth from "mammoth";
import { collapse, type Element, lineOf, parseHtml, walk } from "../dom.ts";
import { readHeadings } from "../headings.ts";
import { collectLinks } from "../links.ts";
import { toMarkdown } from "../markdown/markdown.ts";
import { toIsoDate } from "../metadata/date-value.ts";
import { surveyPage } from "../survey.ts";
import { numberElements } from "./element-tree.ts";
import { isPlaceholderTitle } from "./file-title.ts";
import type { Reading, ReadingOptions } from "./reading.ts";
import { childOf, parseXml } from "./xml-tree.ts";
import { openZip, type ZipArchive } from "./zip-archive.ts";

/** Of XML, which takes some fifty times as much memory once it is read: a book of a thousand pages has 10 MB. */
const limits = { maxPartBytes: 16 * 1024 * 1024, maxBytes: 32 * 1024 * 1024 };

/** What Word's own styles mean; those for headings and lists the library knows. */
const styleMap = [
  "p[style-name='Title'] => h1:fresh",
  "p[style-name='Quote'] => blockquote:fresh > p:fresh",
  "p[style-name='Intense Quote'] => blockquote:fresh > p:fresh",
  "p[style-name='Block Text'] => blockquote:fresh > p:fresh",
  "p[style-name='HTML Preformatted'] => pre:separator('\\n')",
  "p[style-name='Preformatted Text'] => pre:separator('\\n')",
  "p[style-name='Source Code'] => pre:separator('\\n')",
  "p[style-name='Code'] => pre:separator('\\n')",
  "r[style-name='Verbatim Char'] => code",
  "r[style-name='HTML Code'] => code",
  "r[style-name='Source Text'] => code",
  "strike => s",
];

/** Text of a Word file; pictures are left out, but for their descriptions. */
export async function readDocx(body: Uint8Array, { url, ...parts }: ReadingOptions): Promise<Reading> {
  const archive = openZip(body, limits);
  const { value: html } = await mammoth.convertToHtml(asMammothFile(archive), {
    styleMap,
    includeEmbeddedStyleMap: false,
    externalFileAccess: false,
    convertImage: describeImage,
  });
  const { root, isTruncated } = parseHtml(html);
  walk(root, (element) => {
    if (element.name === "table") markHead(element);
    return true;
  });
  const survey = surveyPage(root);
  const headings = readHeadings(survey.headings);
  const { links, isTruncated: hasMoreLinks } = collectLinks(survey, url);
  const properties = readProperties(archive);
  return {
    language: readLanguage(archive),
    ...properties,
    title: properties.title ?? headings.find(({ level }) => level === 1)?.text ?? headings[0]?.text ?? null,
    headings,
    links,
    markdown: toMarkdown(numberElements(root), { ...parts, baseUrl: url }),
    isTruncated: isTruncated || hasMoreLinks,
  };
}

/** Its own reader of archives would unpack whatever it is given; it takes another, though its types don't say so. */
function asMammothFile(archive: ZipArchive): { buffer: Buffer } {
  const file = {
    exists: (name: string) => archive.has(name),
    read: async (name: string, encoding?: string) => {
      const bytes = archive.read(name);
      if (encoding === "base64") return Buffer.from(bytes).toString("base64");
      return encoding ? new TextDecoder().decode(bytes) : bytes;
    },
  };
  return { file } as unknown as { buffer: Buffer };
}

type MammothImage = { altText?: string };

const describeImage = (async ({ altText }: MammothImage) => {
  const text = altText && collapse(altText.slice(0, 500));
  return text ? [{ type: "text", value: text }] : [];
}) as unknown as ReturnType<typeof mammoth.images.imgElement>;

/** A first row that is all bold is a head that its author did not mark as one. */
function markHead(table: Element): void {
  const [first, second] = rowsOf(table);
  if (!first || !second || first.children.length < 2) return;
  const cells = first.children.filter((node) => node.type === "element");
  if (cells.some(({ name }) => name === "th") || !cells.every((cell) => isBold(cell))) return;
  for (const cell of cells) {
    cell.name = "th";
    walk(cell, (element) => {
      if (element.name === "strong") element.name = "span";
      return true;
    });
  }
}

function rowsOf(table: Element): Element[] {
  const rows = table.children.flatMap((node) =>
    node.type === "element" ? (node.name === "tr" ? [node] : rowsOf(node)) : [],
  );
  return rows.slice(0, 2);
}

function isBold(cell: Element): boolean {
  const text = lineOf(cell, 500);
  let bold = 0;
  walk(cell, (element) => {
    if (element.name !== "strong") return true;
    bold += lineOf(element, 500).length;
    return false;
  });
  return text !== "" && bold >= text.length;
}

/** ECMA-376 part 2, clause 8: the core properties. */
function readProperties(archive: ZipArchive): Partial<Reading> {
  const name = archive.names().find((candidate) => /^docProps\/core\d{0,3}\.xml$/.test(candidate));
  const xml = name && parseXml(new TextDecoder().decode(archive.read(name)))?.root;
  if (!xml) return {};
  const text = (...names: string[]) => collapse((childOf(xml, ...names)?.text ?? "").slice(0, 2000)) || null;
  const title = text("dc:title");
  const authors = (text("dc:creator") ?? "")
    .split(/\s{0,5};\s{0,5}/)
    .filter(Boolean)
    .slice(0, 50);
  const tags = (text("cp:keywords") ?? "")
    .split(/\s{0,5}[,;]\s{0,5}/)
    .filter(Boolean)
    .slice(0, 100);
  const language = text("dc:language");
  return {
    title: title && !isPlaceholderTitle(title) ? title : null,
    description: text("dc:description", "dc:subject"),
    authors,
    publishedAt: toIsoDate(text("dcterms:created") ?? undefined),
    modifiedAt: toIsoDate(text("dcterms:modified") ?? undefined),
    ...(language ? { language } : {}),
    metadata: { tags },
  };
}

/** The language of the default text style. */
function readLanguage(archive: ZipArchive): string | null {
  if (!archive.has("word/styles.xml")) return null;
  const start = new TextDecoder().decode(archive.read("word/styles.xml").subarray(0, 100_000));
  return /<w:lang\s[^>]{0,200}?w:val="([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})"/.exec(start)?.[1] ?? null;
}
