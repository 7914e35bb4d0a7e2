import { type Element, hasClass, isElement, lineOf } from "../dom.ts";
import { codeText } from "./code.ts";
import { writeChildren, writeContainer, writeNode } from "./elements.ts";
import { isBlockName } from "./flow.ts";
import { writeFootnote } from "./footnotes.ts";
import { strongFormat } from "./inline-elements.ts";
import { flush, type Page } from "./page.ts";

/** Terms and their descriptions: one line each where they are short, bold lines over blocks where they are not. */
export function writeDefinitions(page: Page, list: Element): void {
  flush(page);
  const entries = entriesOf(list);
  if (entries.some((entry) => page.landmarks.definitions.has(entry))) {
    writeNotes(page, entries);
    return;
  }
  if (
    entries.every(isShort) &&
    entries.some(({ name }) => name === "dd") &&
    entries.some(({ name }) => name === "dt")
  ) {
    writeShortDefinitions(page, entries);
    return;
  }
  for (const entry of entries) {
    if (entry.name === "dt") writeTerm(page, entry);
    else writeContainer(page, entry);
  }
}

/** Footnotes of older docutils: the terms are their numbers. */
function writeNotes(page: Page, entries: readonly Element[]): void {
  for (const entry of entries) {
    const label = page.landmarks.definitions.get(entry);
    if (label !== undefined) writeFootnote(page, entry, label);
    else if (entry.name !== "dt") writeContainer(page, entry);
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
  let isBare = false;
  for (const child of entry.children) {
    if (!isElement(child) || !isBlockName(child.name)) {
      isBare ||= isElement(child) || child.text.trim() !== "";
      continue;
    }
    if (child.name !== "p") return false;
    blocks++;
  }
  return blocks === 0 || (blocks === 1 && !isBare);
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
  let isColonOver = false;
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
      isColonOver = lineOf(entry).endsWith(":");
    } else {
      if (last === "") enter();
      else if (last === "dt") {
        inline.closeUp();
        inline.text(isColonOver ? " " : ": ");
      } else inline.break();
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
