import Papa from "papaparse";
import type { Element } from "../dom.ts";
import { toMarkdown } from "../markdown/markdown.ts";
import { createElement, numberElements } from "./element-tree.ts";
import type { Reading } from "./reading.ts";

const maxLength = 16 * 1024 * 1024;
const maxRows = 10_000;
const maxColumns = 200;
const maxCells = 200_000;
const maxCellLength = 10_000;

const number = /^[-+]?[\d.,\s]{1,30}%?$/;

/** A table of delimited text; the delimiter is told from the first rows, unless it is known. */
export function readCsv(text: string, url: string, delimiter = ""): Reading {
  const source = text.slice(0, maxLength).replace(/^\ufeff/, "");
  const { data } = Papa.parse<string[]>(source, {
    delimiter: delimiter || guessDelimiter(source),
    skipEmptyLines: "greedy",
    preview: maxRows + 1,
    // It would split all of the text first.
    fastMode: false,
  });
  let width = 0;
  for (const row of data) width = Math.max(width, row.length);
  const columns = Math.min(width, maxColumns);
  const rowsKept = Math.min(data.length, maxRows, Math.floor(maxCells / Math.max(1, columns)));
  const rows = data.slice(0, rowsKept).map((row) => row.slice(0, columns));
  const root = numberElements(createElement("body", [toTable(rows)]));
  const isTruncated = text.length > maxLength || width > maxColumns || data.length > rowsKept;
  return { markdown: toMarkdown(root, { baseUrl: url }), isTruncated };
}

/** By the library's own rule, which would go through the whole text once for each candidate. */
function guessDelimiter(source: string): string {
  return Papa.parse(source.slice(0, 64 * 1024), { preview: 10, skipEmptyLines: "greedy" }).meta.delimiter;
}

function toTable(rows: string[][]): Element {
  const [first, ...others] = rows;
  if (!first) return createElement("table");
  const hasHead = first.every((cell) => cell.trim() !== "" && !number.test(cell.trim().slice(0, 40)));
  const head = createElement(
    "tr",
    first.map((cell) => createCell(cell, hasHead || first.length === 1 ? "th" : "td")),
  );
  const body = others.map((row) =>
    createElement(
      "tr",
      row.map((cell) => createCell(cell, "td")),
    ),
  );
  return createElement("table", [head, ...body]);
}

function createCell(text: string, name: "th" | "td"): Element {
  const lines = text
    .slice(0, maxCellLength)
    .toWellFormed()
    .trim()
    .split(/\r\n?|\n/);
  return createElement(
    name,
    lines.flatMap((line, at) => (at === 0 ? [line] : [createElement("br"), line])),
  );
}
