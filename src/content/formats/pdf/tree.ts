import type { Element, Node } from "../../dom.ts";
import { appendChildren, createElement, numberElements } from "../element-tree.ts";
import type { Block, TextBlock } from "./blocks.ts";
import { headingLevels, type Outline } from "./headings.ts";
import type { Piece } from "./line-text.ts";
import type { Measures } from "./measures.ts";

/** The blocks of a document as the tree that an HTML page of the same text would be. */
export function toTree(blocks: readonly Block[], measures: Measures, outline: Outline): Element {
  const body = createElement("body");
  const texts = blocks.filter((block): block is TextBlock => block.kind === "text");
  const levels = new Map(headingLevels(texts, measures, outline).map((level, at) => [texts[at], level]));
  const lists = new ListStack(body);
  for (const block of blocks) {
    if (block.kind === "text" && block.marker && levels.get(block) === undefined) {
      lists.add(block);
      continue;
    }
    lists.end();
    appendChildren(body, [toElement(block, block.kind === "text" ? levels.get(block) : undefined)]);
  }
  return numberElements(body);
}

function toElement(block: Block, level: number | undefined): Element {
  switch (block.kind) {
    case "code":
      return createElement("pre", [createElement("code", [block.text])]);
    case "table":
      return toTable(block.rows);
    case "text":
      return createElement(level === undefined ? "p" : `h${level}`, toNodes(block.pieces));
  }
}

function toNodes(pieces: readonly Piece[]): (Node | string)[] {
  return pieces.map(({ text, url }) => {
    const clean = text.toWellFormed();
    return url === undefined ? clean : createElement("a", [clean], ["href", url]);
  });
}

const figure = /^[-+−–(]?[$€£¥]?\s?\d[\d.,\s]{0,30}[)%€$£]?$/;

function toTable(rows: Piece[][][]): Element {
  const [first = []] = rows;
  const texts = first.map((cell) =>
    cell
      .map(({ text }) => text)
      .join("")
      .trim(),
  );
  const hasHead = texts.every((text) => !figure.test(text)) && texts.filter((text) => text !== "").length > 1;
  return createElement(
    "table",
    rows.map((row, at) =>
      createElement(
        "tr",
        row.map((cell) => createElement(at === 0 && hasHead ? "th" : "td", toNodes(cell))),
      ),
    ),
  );
}

type OpenList = { list: Element; left: number };

/** Lists in lists, by how far their marks are indented. */
class ListStack {
  private readonly open: OpenList[] = [];
  private readonly body: Element;

  constructor(body: Element) {
    this.body = body;
  }

  add({ lines, marker, pieces }: TextBlock): void {
    const left = lines[0]?.left ?? 0;
    const size = lines[0]?.size ?? 10;
    while (this.open.length > 0 && (this.open.at(-1)?.left ?? 0) > left + 0.8 * size) this.open.pop();
    const name = marker?.number === undefined ? "ul" : "ol";
    const last = this.open.at(-1);
    const isDeeper = last !== undefined && left > last.left + 0.8 * size && this.open.length < 6;
    if (!last || isDeeper || last.list.name !== name) {
      const list = createElement(name, [], name === "ol" ? ["start", String(marker?.number ?? 1)] : []);
      if (last && !isDeeper) this.open.pop();
      const parent = this.open.at(-1)?.list.children.at(-1);
      appendChildren(parent?.type === "element" ? parent : this.body, [list]);
      this.open.push({ list, left });
    }
    const item = createElement("li", toNodes(withoutMarker(pieces, marker?.length ?? 0)));
    const list = this.open.at(-1)?.list;
    if (list) appendChildren(list, [item]);
  }

  end(): void {
    this.open.length = 0;
  }
}

function withoutMarker([first, ...rest]: Piece[], length: number): Piece[] {
  return first ? [{ ...first, text: first.text.trimStart().slice(length).trimStart() }, ...rest] : [];
}
