import { getDocument, type PDFDocumentProxy } from "unpdf/pdfjs";
import { readHeadings } from "../../headings.ts";
import { collectLinks } from "../../links.ts";
import { toMarkdown } from "../../markdown/markdown.ts";
import { surveyPage } from "../../survey.ts";
import type { Reading, ReadingOptions } from "../reading.ts";
import { boundAllocations } from "./allocation-bound.ts";
import { toBlocks } from "./blocks.ts";
import { languageOf, readFacts, readOutline } from "./facts.ts";
import type { Outline } from "./headings.ts";
import { type Line, readLines, readRows } from "./lines.ts";
import { type PageRows, withoutRunningLines } from "./running-lines.ts";
import { readPageText } from "./text-runs.ts";
import { toTree } from "./tree.ts";

const maxPages = 500;
const pagesBetweenProgress = 20;
/** Of all pages together: ten times a novel. */
const maxLength = 4_000_000;

/**
 * The text of a PDF in the order in which it is read. Nothing in it is run or fetched, pictures are not looked at, and
 * what it unpacks to is bounded.
 * @param onProgress called now and then, so that a long file can be told from one that hangs
 * @throws Error when it is damaged beyond repair, opens with a password only, or passes a bound
 */
export async function readPdf(body: Uint8Array, options: ReadingOptions, onProgress = () => {}): Promise<Reading> {
  return boundAllocations(async () => {
    const task = getDocument({
      // It takes the bytes for itself.
      data: body.slice(),
      verbosity: 0,
      useWorkerFetch: false,
      useSystemFonts: false,
      disableFontFace: true,
      isOffscreenCanvasSupported: false,
      isImageDecoderSupported: false,
      useWasm: false,
      enableXfa: false,
      stopAtErrors: false,
      maxImageSize: 1,
    });
    try {
      return await readOpened(await task.promise, options, onProgress);
    } catch (error) {
      throw explain(error);
    } finally {
      await task.destroy();
    }
  });
}

async function readOpened(pdf: PDFDocumentProxy, options: ReadingOptions, onProgress: () => void): Promise<Reading> {
  const pages: PageRows[] = [];
  let isTruncated = pdf.numPages > maxPages;
  let language: string | null = null;
  let length = 0;
  for (let number = 1; number <= Math.min(pdf.numPages, maxPages); number++) {
    if (number % pagesBetweenProgress === 0) onProgress();
    const page = await pdf.getPage(number);
    const text = await readPageText(page, options.url);
    if (!text.isTruncated) page.cleanup();
    language ??= languageOf(text.language);
    for (const run of text.runs) length += run.text.length;
    pages.push({ rows: readRows(text), width: text.width, height: text.height });
    if (text.isTruncated || length > maxLength) {
      isTruncated ||= text.isTruncated || number < pdf.numPages;
      break;
    }
  }
  const facts = await readFacts(pdf);
  const lines = withoutRunningLines(pages).flatMap(({ rows, width }, page) => readLines(rows, page, width));
  const reading = toReading(lines, await readOutline(pdf), options);
  return {
    ...reading,
    ...facts,
    title: facts.title ?? reading.title ?? null,
    language: facts.language ?? language,
    isTruncated: isTruncated || reading.isTruncated === true,
  };
}

function toReading(lines: Line[], outline: Outline, { url, ...parts }: ReadingOptions): Reading {
  const { blocks, measures } = toBlocks(lines);
  const root = toTree(blocks, measures, outline);
  const survey = surveyPage(root);
  const headings = readHeadings(survey.headings);
  const { links, isTruncated } = collectLinks(survey, url);
  const markdown = toMarkdown(root, { ...parts, baseUrl: url });
  const title = headings.find(({ level }) => level === 1)?.text ?? headings[0]?.text ?? null;
  // Pages that are pictures have no text to be read here.
  const quality = { chosen: "page", rule: "no-text-layer", confidence: 1, textShare: 0 } as const;
  return { markdown, headings, links, title, isTruncated, ...(markdown === "" ? { quality } : {}) };
}

function explain(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "PasswordException") return new Error("The PDF opens with a password only", { cause: error });
  if (error.name === "InvalidPDFException") return new Error(`The PDF is damaged: ${error.message}`, { cause: error });
  return error;
}
