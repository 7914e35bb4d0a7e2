import { attribute, type Element, hasClass, isElement, lineOf, walk } from "../dom.ts";
import { codeBlock } from "./code.ts";
import { writeChildren, writeContainer } from "./elements.ts";
import { isBlockName } from "./flow.ts";
import { strongFormat } from "./inline-elements.ts";
import { flush, type Page, writeBlock } from "./page.ts";

type Row = { cells: Element[]; isHead: boolean };
type Table = {
  caption: Element | undefined;
  rows: Row[];
  hasHead: boolean;
  /** From `<col>`, for cells that do not say it themselves. */
  alignments: string[];
};

/** Columns one cell may span; more is a mistake or an attack. */
const maxSpan = 100;
/** Empty cells that spans add to one table. */
const maxFilling = 20_000;
/** Nodes looked at to tell data from layout; keeps nested tables linear. */
const maxLookedAt = 2000;
const codeTable =
  /(?:^|\s)(?:highlighttable|codehilitetable|rouge-table|lntable|hljs-ln|linenotable|js-file-line-container|syntaxhighlighter)(?:\s|$)/;

export function writeTable(page: Page, element: Element): void {
  flush(page);
  if (isCodeTable(element)) {
    writeCodeTable(page, element);
    return;
  }
  const table = readTable(element, page);
  if (element.parent && hasClass(element.parent, "colist")) {
    writeNumbered(page, table);
    return;
  }
  if (page.blocks.isInCell) {
    writeFlat(page, table);
    return;
  }
  if (isLine(element, table)) {
    for (const cell of table.rows[0]?.cells ?? []) {
      if (page.keep(cell)) writeChildren(page, cell);
      page.inline.space();
    }
    flush(page);
    return;
  }
  if (isLayout(element, table)) {
    writeLayout(page, table);
    return;
  }
  if (table.caption) writeContainer(page, table.caption);
  const lines = toLines(page, table);
  if (lines.length > 2 || (lines.length === 2 && table.hasHead)) writeBlock(page, lines);
}

function isCodeTable(element: Element): boolean {
  if (element.attributes.length > 0 && codeTable.test((attribute(element, "class") ?? "").slice(0, 500))) return true;
  let looked = 0;
  const search = (at: Element): boolean => {
    for (const child of at.children) {
      if (!isElement(child) || ++looked > 20) continue;
      if (
        child.name === "td" &&
        (hasClass(child, "linenos") || hasClass(child, "gutter") || hasClass(child, "rouge-gutter"))
      ) {
        return true;
      }
      if ((child.name === "tbody" || child.name === "tr") && search(child)) return true;
    }
    return false;
  };
  return search(element);
}

function writeCodeTable(page: Page, element: Element): void {
  if (page.blocks.isInCell) {
    writeChildren(page, element);
    return;
  }
  // The name of the file stands in a row of its own.
  let looked = 0;
  let name: Element | undefined;
  walk(element, (child) => {
    if (child.name === "th" && hasClass(child, "filename")) name ??= child;
    return name === undefined && ++looked < 8;
  });
  if (name) writeContainer(page, name);
  writeBlock(page, codeBlock(name ? withoutHeads(element) : element));
}

function withoutHeads(element: Element): Element {
  const children = element.children.map((child) =>
    isElement(child) && (child.name === "tbody" || child.name === "thead") ? withoutHeads(child) : child,
  );
  return {
    ...element,
    children: children.filter(
      (row) => !isElement(row) || !row.children.some((cell) => isElement(cell) && hasClass(cell, "filename")),
    ),
  };
}

function readTable(element: Element, page: Page): Table {
  const table: Table = { caption: undefined, rows: [], hasHead: false, alignments: [] };
  const read = (at: Element, isHead: boolean, depth: number) => {
    for (const child of at.children) {
      if (!isElement(child) || !page.keep(child)) continue;
      if (child.name === "tr" || isOfRole(child, "row")) addRow(table, child, isHead);
      else if (child.name === "caption") table.caption ??= child;
      else if (isCell(child)) table.rows.push({ cells: [child], isHead });
      else if (child.name === "col") addColumn(table, child);
      else if (depth < 3) read(child, isHead || child.name === "thead", depth + 1);
    }
  };
  if (hasClass(element, "summary-table")) readSummary(element, table);
  else read(element, false, 0);
  const [first] = table.rows;
  table.hasHead = first !== undefined && (first.isHead || first.cells.every(isHeadCell) || isBoldHead(table));
  return table;
}

function isOfRole(element: Element, role: string): boolean {
  return element.attributes.length > 0 && attribute(element, "role") === role;
}

function isCell(element: Element): boolean {
  if (element.name === "td" || element.name === "th") return true;
  return (
    element.attributes.length > 0 && /^(?:cell|gridcell|columnheader|rowheader)$/.test(attribute(element, "role") ?? "")
  );
}

function isHeadCell(cell: Element): boolean {
  return cell.name === "th" || isOfRole(cell, "columnheader");
}

function addRow(table: Table, row: Element, isHead: boolean): void {
  const cells = row.children.filter((child): child is Element => isElement(child) && isCell(child));
  if (cells.length > 0) table.rows.push({ cells, isHead });
}

function addColumn(table: Table, column: Element): void {
  const span = spanOf(column, "span", maxSpan);
  const alignment = alignmentOf(column);
  for (let at = 0; at < span && table.alignments.length < maxSpan; at++) table.alignments.push(alignment);
}

/** Javadoc lays its tables out as a grid of boxes. */
function readSummary(element: Element, table: Table): void {
  let cells: Element[] = [];
  for (const child of element.children) {
    if (!isElement(child)) continue;
    if (hasClass(child, "col-first")) {
      cells = [];
      table.rows.push({ cells, isHead: hasClass(child, "table-header") });
    }
    cells.push(child);
  }
}

/** Editors without a button for it make the first row bold to head a table. */
function isBoldHead({ rows }: Table): boolean {
  const [first] = rows;
  return first !== undefined && rows.length > 1 && first.cells.length > 1 && first.cells.every(isBold);
}

function isBold(cell: Element): boolean {
  let at = cell;
  for (let depth = 0; depth < 4; depth++) {
    const inner = at.children.filter((child) => isElement(child) || child.text.trim() !== "");
    const [only] = inner;
    if (inner.length !== 1 || !only || !isElement(only)) return false;
    if (only.name === "strong" || only.name === "b") return lineOf(only, 20) !== "";
    if (only.name !== "p" && only.name !== "span" && only.name !== "div") return false;
    at = only;
  }
  return false;
}

export function isRoleTable(element: Element): boolean {
  if (hasClass(element, "summary-table"))
    return element.children.some((child) => isElement(child) && hasClass(child, "col-first"));
  const role = attribute(element, "role");
  if (element.name === "table" || (role !== "table" && role !== "grid" && role !== "treegrid")) return false;
  let looked = 0;
  let hasCells = false;
  walk(element, (child) => {
    hasCells ||= isCell(child);
    return !hasCells && ++looked < 50;
  });
  return hasCells;
}

function isLayout(element: Element, table: Table): boolean {
  const role = attribute(element, "role");
  if (role === "presentation" || role === "none") return true;
  if (table.rows.length === 0 || table.rows.every(({ cells }) => cells.length < 2))
    return !table.hasHead || table.rows.length < 2;
  const hasHeads = table.hasHead || table.rows.some(({ cells }) => cells.some(({ name }) => name === "th"));
  if (hasHeads) return false;
  return holdsSections(table) || (table.rows.length === 1 && table.rows[0]?.cells.some(holdsBlocks) === true);
}

/** One row without a head only sets what it holds side by side. */
function isLine(element: Element, { rows, hasHead, caption }: Table): boolean {
  if (isOfRole(element, "presentation") || isOfRole(element, "none")) return false;
  const [row] = rows;
  return (
    rows.length === 1 &&
    !hasHead &&
    !caption &&
    row !== undefined &&
    row.cells.length > 1 &&
    !row.cells.some(holdsBlocks)
  );
}

function holdsBlocks(cell: Element): boolean {
  return cell.children.some((child) => isElement(child) && isBlockName(child.name));
}

/** Cells with tables, headings or code in them lay out a page, they do not tabulate. */
function holdsSections(table: Table): boolean {
  let looked = 0;
  const search = (at: Element): boolean => {
    for (const child of at.children) {
      if (!isElement(child)) continue;
      if (++looked > maxLookedAt) return false;
      if (/^(?:table|h[1-6]|pre|article|form|section|main)$/.test(child.name) || search(child)) return true;
    }
    return false;
  };
  return table.rows.some(({ cells }) => cells.some(search));
}

function writeLayout(page: Page, { caption, rows }: Table): void {
  if (caption) writeContainer(page, caption);
  for (const { cells } of rows) for (const cell of cells) if (page.keep(cell)) writeContainer(page, cell);
}

/** Asciidoctor's explanations of the numbers in its code. */
function writeNumbered(page: Page, { rows }: Table): void {
  const mark = page.blocks.lastList === "." ? ")" : ".";
  for (const [at, { cells }] of rows.entries()) {
    const [, text] = cells;
    const marker = `${at + 1}${mark} `;
    page.blocks.enter(marker, " ".repeat(marker.length), at > 0);
    if (text && page.keep(text)) writeContainer(page, text);
    page.blocks.leave();
  }
  page.blocks.lastList = mark;
}

/** A table in a cell: its rows one after the other, in the cell. */
function writeFlat(page: Page, { caption, rows }: Table): void {
  if (caption) writeContainer(page, caption);
  for (const { cells } of rows) {
    let isFirst = true;
    for (const cell of cells) {
      if (!page.keep(cell)) continue;
      if (!isFirst) page.inline.text(" / ");
      writeChildren(page, cell);
      isFirst = false;
    }
    flush(page);
  }
}

function toLines(page: Page, table: Table): string[] {
  const grid = new Grid();
  const alignments: string[] = [];
  const rows = table.rows.map((row) => {
    const line: string[] = [];
    const isHeadRow = table.hasHead && row === table.rows[0];
    for (const cell of row.cells) {
      if (!page.keep(cell)) continue;
      grid.fill(line);
      if (row.isHead || row === table.rows[0] || alignments[line.length] === undefined) {
        alignments[line.length] = alignmentOf(cell);
      }
      grid.add(line, cell, cellText(page, cell, (cell.name === "th" || isOfRole(cell, "rowheader")) && !isHeadRow));
    }
    grid.endRow(line);
    return line;
  });
  const filled = rows.filter((line, at) => (at === 0 && table.hasHead) || line.some((text) => text !== ""));
  let columns = 0;
  for (const line of filled) columns = Math.max(columns, line.length);
  if (columns === 0 || filled.every((line) => line.every((text) => text === ""))) return [];
  const head = table.hasHead ? (filled.shift() ?? []) : [];
  const headCells = Array.from({ length: columns }, (_, at) => head[at] ?? "");
  const marks = headCells.map((_, at) => alignments[at] || table.alignments[at] || "---");
  return [toLine(headCells), toLine(marks), ...filled.map(toLine)];
}

function toLine(cells: string[]): string {
  return cells.length === 0 ? "|  |" : `| ${cells.join(" | ")} |`;
}

/** Keeps the columns in their places under cells that span rows or columns. */
class Grid {
  private readonly spans: number[] = [];
  private filling = 0;

  /** Adds empty cells where cells from above reach down. */
  fill(line: string[]): void {
    while ((this.spans[line.length] ?? 0) > 0 && this.filling < maxFilling) {
      this.spans[line.length] = (this.spans[line.length] ?? 1) - 1;
      line.push("");
      this.filling++;
    }
  }

  add(line: string[], cell: Element, text: string): void {
    const columns = spanOf(cell, "colspan", maxSpan);
    const rows = spanOf(cell, "rowspan", 65_534) - 1;
    for (let at = 0; at < columns; at++) {
      if (at > 0 && ++this.filling > maxFilling) break;
      if (rows > 0 || this.spans[line.length]) this.spans[line.length] = rows;
      line.push(at === 0 ? text : "");
    }
  }

  endRow(line: string[]): void {
    const { length } = line;
    for (let at = length; at < this.spans.length && at < length + maxSpan; at++) {
      const left = this.spans[at] ?? 0;
      if (left > 0) this.spans[at] = left - 1;
    }
  }
}

function spanOf(cell: Element, name: string, most: number): number {
  if (cell.attributes.length === 0) return 1;
  const span = Number.parseInt(attribute(cell, name) ?? "1", 10);
  return Number.isNaN(span) ? 1 : Math.min(most, Math.max(1, span));
}

function alignmentOf(cell: Element): string {
  if (cell.attributes.length === 0) return "";
  const style = attribute(cell, "style")?.slice(0, 500) ?? "";
  const styled = /text-align\s{0,9}:\s{0,9}(left|center|right)/i.exec(style)?.[1];
  const named = /(?:^|\s)(?:text-|has-text-|has-text-align-|halign-|align-?)(left|center|right|centered)(?:\s|$)/.exec(
    (attribute(cell, "class") ?? "").slice(0, 300),
  )?.[1];
  switch ((attribute(cell, "align") ?? styled ?? named ?? "").toLowerCase()) {
    case "left":
      return ":---";
    case "center":
    case "centered":
      return ":---:";
    case "right":
      return "---:";
  }
  return "";
}

function cellText(page: Page, cell: Element, isRowHead: boolean): string {
  const { blocks, inline } = page;
  const state = blocks.beginCell();
  inline.isInCell = true;
  if (isRowHead) inline.begin(strongFormat);
  writeChildren(page, cell);
  flush(page);
  if (isRowHead) inline.end();
  inline.isInCell = false;
  const text = blocks.endCell(state);
  return text.includes("|") ? text.replaceAll("|", "\\|") : text;
}
