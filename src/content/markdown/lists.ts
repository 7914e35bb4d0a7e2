import { attribute, type Element, hasClass, isElement, type Node } from "../dom.ts";
import { codeText } from "./code.ts";
import { writeChildren, writeContainer, writeNode } from "./elements.ts";
import { isBlockName } from "./flow.ts";
import { strongFormat } from "./inline-elements.ts";
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
  const outer = blocks.isInTightItem;
  let isFirst = true;
  const { items, nested } = itemsOf(list);
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

export function writeFootnote(page: Page, element: Element, label: string): void {
  flush(page);
  page.blocks.enter(`[^${label}]: `, "    ");
  for (const child of element.children) {
    // Docutils repeats the number in a label of its own.
    if (isElement(child) && child.name === "span" && hasClass(child, "label")) continue;
    if (isElement(child) && (hasClass(child, "fn-bracket") || hasClass(child, "mw-cite-backlink"))) continue;
    writeNode(page, child);
  }
  flush(page);
  page.blocks.leave();
}

/** Terms and their descriptions: one line each where they are short, bold lines over blocks where they are not. */
export function writeDefinitions(page: Page, list: Element): void {
  flush(page);
  const entries = entriesOf(list);
  if (entries.every(isShort) && entries.some(({ name }) => name === "dd")) {
    writeShortDefinitions(page, entries);
    return;
  }
  for (const entry of entries) {
    if (entry.name === "dt") writeTerm(page, entry);
    else writeContainer(page, entry);
  }
}

function entriesOf(list: Element): Element[] {
  const entries: Element[] = [];
  for (const child of list.children) {
    if (!isElement(child)) continue;
    // HTML lets a div group a term with its descriptions.
    if (child.name === "div") entries.push(...child.children.filter(isElement));
    else entries.push(child);
  }
  return entries;
}

function isShort(entry: Element): boolean {
  if (entry.name !== "dt" && entry.name !== "dd") return false;
  if (isSignature(entry)) return false;
  let blocks = 0;
  for (const child of entry.children) {
    if (!isElement(child) || !isBlockName(child.name)) continue;
    if (child.name !== "p") return false;
    blocks++;
  }
  return blocks <= 1;
}

function writeShortDefinitions(page: Page, entries: readonly Element[]): void {
  const { blocks, inline } = page;
  const outer = blocks.isInTightItem;
  const mark = blocks.lastList === "-" ? "+ " : "- ";
  let isTight = outer && !blocks.isAtContainerStart();
  const enter = () => {
    blocks.enter(mark, "  ", isTight);
    isTight = true;
  };
  let last = "";
  for (const entry of entries) {
    if (!page.keep(entry)) continue;
    if (entry.name === "dt") {
      if (last === "dd") {
        flush(page);
        blocks.leave();
      }
      if (last === "dt") inline.text(", ");
      else enter();
      writeTermText(page, entry);
    } else {
      if (last === "") enter();
      else if (last === "dt") inline.text(": ");
      else inline.break();
      for (const child of entry.children) {
        if (isElement(child) && child.name === "p") writeChildren(page, child);
        else writeNode(page, child);
      }
    }
    last = entry.name;
  }
  flush(page);
  if (last !== "") blocks.leave();
  blocks.isInTightItem = outer;
  blocks.lastList = mark.trim();
}

function writeTerm(page: Page, term: Element): void {
  if (!page.keep(term)) return;
  flush(page);
  if (isSignature(term)) {
    const { inline } = page;
    const kept = { ...term, children: term.children.filter((child) => !isElement(child) || !isSignatureLink(child)) };
    inline.code(codeText(kept));
    for (const child of term.children) {
      if (!isElement(child) || !isSignatureLink(child)) continue;
      inline.space();
      writeNode(page, child);
    }
    flush(page);
    return;
  }
  writeTermText(page, term);
  flush(page);
}

function writeTermText(page: Page, term: Element): void {
  page.inline.begin(strongFormat);
  writeChildren(page, term);
  page.inline.end();
}

/** Sphinx writes the signature of what is documented as a term. */
function isSignature(entry: Element): boolean {
  return (
    entry.name === "dt" && entry.attributes.length > 0 && (hasClass(entry, "sig") || hasClass(entry, "sig-object"))
  );
}

function isSignatureLink(element: Element): boolean {
  return (
    element.name === "a" &&
    (hasClass(element, "headerlink") ||
      element.children.some((child) => isElement(child) && hasClass(child, "viewcode-link")))
  );
}
