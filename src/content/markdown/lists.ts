import { attribute, type Element, isElement, type Node } from "../dom.ts";
import { writeContainer, writeNode } from "./elements.ts";
import { writeFootnote } from "./footnotes.ts";
import { flush, type Page } from "./page.ts";

export function writeList(page: Page, list: Element): void {
  flush(page);
  const { blocks } = page;
  const isOrdered = list.name === "ol";
  const isTight = !list.children.some(isLooseItem);
  let number = isOrdered ? startOf(list) : 0;
  const step = isOrdered && attribute(list, "reversed") !== undefined ? -1 : 1;
  // Two lists in a row would be read as one: the second gets the other marker.
  const mark = isOrdered ? (blocks.lastList === "." ? ")" : ".") : blocks.lastList === "-" ? "+" : "-";
  // Only a list that starts with 1 may follow a paragraph's line at once.
  const joinsParagraph = blocks.isInTightItem && !blocks.isAtContainerStart() && (!isOrdered || number === 1);
  if (isOrdered && number !== 1 && !blocks.isAtContainerStart()) blocks.openGap();
  const outer = blocks.isInTightItem;
  let isFirst = true;
  if (list.children.some(isSectionItem)) {
    // Javadoc's lists are the outline of the page, not a list to read.
    for (const child of list.children) if (isElement(child) && page.keep(child)) writeContainer(page, child);
    return;
  }
  const { items, nested } = itemsOf(list);
  const [only] = items;
  if (items.length === 1 && only && isElement(only) && (only.name === "ul" || only.name === "ol")) {
    // A list in a list that has no items of its own is only indented.
    writeNode(page, only);
    return;
  }
  for (const item of items) {
    const footnote = isElement(item) ? page.landmarks.definitions.get(item) : undefined;
    if (footnote !== undefined && isElement(item)) {
      writeFootnote(page, item, footnote);
      continue;
    }
    if (isElement(item) && item.name === "li" && isOrdered) number = integerOf(attribute(item, "value")) ?? number;
    const marker = isOrdered ? `${Math.max(0, number)}${mark} ` : `${mark} `;
    blocks.enter(marker, " ".repeat(marker.length), isFirst ? joinsParagraph : isTight);
    blocks.isInTightItem = isTight;
    if (isElement(item) && item.name === "li") {
      if (page.keep(item) && attribute(item, "hidden") === undefined) writeContainer(page, item);
    } else writeNode(page, item);
    for (const inner of nested.get(item) ?? []) writeNode(page, inner);
    flush(page);
    if (!blocks.isAtContainerStart()) {
      isFirst = false;
      number += step;
    }
    blocks.leave();
    blocks.isInTightItem = outer;
  }
  if (!isFirst) blocks.lastList = mark;
}

/** The items, and the lists that stand between them: many editors write a nested list after its item, not in it. */
function itemsOf(list: Element): { items: Node[]; nested: Map<Node, Element[]> } {
  const items: Node[] = [];
  const nested = new Map<Node, Element[]>();
  for (const child of list.children) {
    const last = items.at(-1);
    if (child.type === "text") {
      if (child.text.trim() !== "") items.push(child);
    } else if (last && (child.name === "ul" || child.name === "ol")) {
      const lists = nested.get(last);
      if (lists) lists.push(child);
      else nested.set(last, [child]);
    } else items.push(child);
  }
  return { items, nested };
}

function isSectionItem(item: Node): boolean {
  return isElement(item) && item.children.some((child) => isElement(child) && child.name === "section");
}

function isLooseItem(item: Node): boolean {
  if (!isElement(item) || item.name !== "li") return false;
  let blocks = 0;
  for (const child of item.children) {
    if (!isElement(child)) continue;
    const { name } = child;
    if (name === "p") blocks++;
    else if (name === "pre" || name === "blockquote" || name === "table" || name === "figure") blocks += 2;
  }
  return blocks > 1;
}

function startOf(list: Element): number {
  const given = integerOf(attribute(list, "start"));
  if (given !== undefined) return given;
  return attribute(list, "reversed") === undefined
    ? 1
    : Math.max(1, list.children.filter((item) => isElement(item) && item.name === "li").length);
}

/** A list's number has nine digits at most (CommonMark, section 5.2). */
function integerOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : undefined;
}
