import type { PDFDocumentProxy } from "unpdf/pdfjs";
import { collapse } from "../../dom.ts";
import { toIsoDate } from "../../metadata/date-value.ts";
import { isPlaceholderTitle } from "../file-title.ts";
import type { Reading } from "../reading.ts";
import { type Outline, outlineKey } from "./headings.ts";

const maxOutlineItems = 2000;
const maxOutlineDepth = 5;

/** What a file says of itself: its information dictionary, and its XMP packet where that says more. */
export async function readFacts(pdf: PDFDocumentProxy): Promise<Partial<Reading>> {
  const { info, metadata } = await pdf.getMetadata();
  const fields = info as Record<string, unknown>;
  const field = (name: string, xmp: string) => textOf(fields[name]) ?? textOf(metadata?.get(xmp));
  const title = field("Title", "dc:title");
  const authors = field("Author", "dc:creator") ?? "";
  const keywords = field("Keywords", "pdf:keywords") ?? "";
  return {
    title: title && !isPlaceholderTitle(title) ? title : null,
    description: field("Subject", "dc:description"),
    authors: listOf(authors, /\s{0,9}(?:;|\s(?:and|und|et|y)\s)\s{0,9}/),
    publishedAt: dateOf(fields.CreationDate) ?? dateOf(metadata?.get("xmp:createdate")),
    modifiedAt: dateOf(fields.ModDate) ?? dateOf(metadata?.get("xmp:modifydate")),
    language: languageOf(fields.Language),
    metadata: { tags: listOf(keywords, /\s{0,9}[,;]\s{0,9}/) },
  };
}

export function languageOf(value: unknown): string | null {
  const text = typeof value === "string" ? value.trim().replace("_", "-") : "";
  return /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/.test(text) ? text : null;
}

function textOf(value: unknown): string | null {
  const text = Array.isArray(value) ? value.filter((one) => typeof one === "string").join("; ") : value;
  return typeof text === "string" ? collapse(text.slice(0, 2000).replaceAll("\0", "").toWellFormed()) || null : null;
}

function listOf(text: string, separator: RegExp): string[] {
  return [...new Set(text.split(separator).filter((one) => one !== ""))].slice(0, 50);
}

const pdfDate = /^(?:D:)?(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z|[+-]\d{2}'?\d{2})?/;

/** ISO 32000, 7.9.4; XMP has dates as everybody does. */
function dateOf(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const [, year, month, day, hour, minute, second = "00", zone = "Z"] = pdfDate.exec(value.slice(0, 60)) ?? [];
  if (!year) return toIsoDate(value.slice(0, 60));
  const time = hour && minute ? `T${hour}:${minute}:${second}${zone.replace("'", "")}` : "";
  return toIsoDate(`${year}-${month}-${day}${time}`);
}

type OutlineItem = { title: string; items: OutlineItem[] };

export async function readOutline(pdf: PDFDocumentProxy): Promise<Outline> {
  const outline = new Map<string, number>();
  let left = maxOutlineItems;
  const read = (items: OutlineItem[], depth: number) => {
    for (const { title, items: below } of items) {
      if (left-- <= 0) return;
      const key = outlineKey(title);
      if (key !== "" && !outline.has(key)) outline.set(key, depth);
      if (depth < maxOutlineDepth) read(below, depth + 1);
    }
  };
  read((await pdf.getOutline()) ?? [], 0);
  return outline;
}
