import { attribute, type Element, hasClass, lineOf, type Node, walk } from "../dom.ts";
import { findAdmonition, writeAdmonition, writeUnreadAlert } from "./admonitions.ts";
import { codeBlock, codeText } from "./code.ts";
import { writeDefinitions } from "./definitions.ts";
import { isBlockName } from "./flow.ts";
import { isNoteList, writeFootnote } from "./footnotes.ts";
import { strongFormat, writeInlineElement } from "./inline-elements.ts";
import { writeList } from "./lists.ts";
import { type Formula, findFormula, fromDrawing, splitFormulas } from "./math.ts";
import { flush, type Page, writeBlock } from "./page.ts";
import { findStyle } from "./styles.ts";
import { isRoleTable, writeTable } from "./tables.ts";
import { isDisclosure, isTabLabel, writeLabel, writeTabs } from "./tabs.ts";
import { trait, traitsOf } from "./traits.ts";
import { isLeftOut } from "./visibility.ts";

export function writeChildren(page: Page, element: Element): void {
  for (const child of element.children) writeNode(page, child);
}

export function writeNode(page: Page, node: Node): void {
  if (node.type === "text") writeText(page, node.text);
  else writeElement(page, node);
}

function writeText(page: Page, text: string): void {
  const parts = text.includes("$") || text.includes("\\") ? splitFormulas(text) : undefined;
  if (!parts) {
    page.inline.text(text);
    return;
  }
  for (const part of parts) {
    if (typeof part === "string") page.inline.text(part);
    else writeFormula(page, part);
  }
}

/** Writes the children as a block of their own. */
export function writeContainer(page: Page, element: Element): void {
  flush(page);
  writeChildren(page, element);
  flush(page);
}

function writeElement(page: Page, element: Element): void {
  if (!page.keep(element)) return;
  const { name } = element;
  const traits = element.attributes.length > 0 ? traitsOf(element) : 0;
  if (isFormulaName(name) || traits & (trait.formula | trait.drawnFormula)) {
    const formula = findFormula(element);
    if (formula) {
      writeFormula(page, formula);
      return;
    }
    if (traits & trait.drawnFormula) {
      const drawn = page.landmarks.hasFormulaScripts ? undefined : fromDrawing(element);
      if (drawn) writeFormula(page, drawn);
      return;
    }
  }
  switch (name) {
    case "input":
      writeCheckbox(page, element);
      return;
    case "button":
      if (attribute(element, "role") === "heading" || (page.headingMark !== "" && isAlone(element)))
        writeChildren(page, element);
      else if (isDisclosure(element)) writeLabel(page, element);
      return;
    case "label":
      if (isTabLabel(element)) {
        writeLabel(page, element);
        return;
      }
      if (!isLeftOut(element, traits)) writeChildren(page, element);
      page.inline.space();
      return;
  }
  if (isLeftOut(element, traits)) return;
  const footnote = page.landmarks.definitions.size > 0 ? page.landmarks.definitions.get(element) : undefined;
  if (footnote !== undefined && name !== "li" && name !== "dd") {
    writeFootnote(page, element, footnote);
    return;
  }
  if (traits & special && writeSpecial(page, element, traits)) return;
  if (isBlockName(name)) writeBlockElement(page, element);
  else if (traits & trait.styled) writeStyled(page, element);
  else writeInlineElement(page, element);
}

function isFormulaName(name: string): boolean {
  return name === "math" || name === "mjx-container" || name === "math-renderer" || name === "script";
}

const special =
  trait.box | trait.tabs | trait.role | trait.editor | trait.grid | trait.title | trait.checkbox | trait.signature;

/** Writes what is known by its class names or its role; false when it is none of that. */
function writeSpecial(page: Page, element: Element, traits: number): boolean {
  if (traits & trait.editor) {
    writePre(page, element);
    return true;
  }
  if (traits & trait.signature) {
    flush(page);
    page.inline.code(codeText(element));
    flush(page);
    return true;
  }
  if (traits & (trait.tabs | trait.role) && writeTabs(page, element)) return true;
  if (
    traits & trait.box &&
    isBlockName(element.name) &&
    !/^(?:table|[uo]l|dl|pre|h[1-6]|li|td|th|tr)$/.test(element.name)
  ) {
    const admonition = findAdmonition(element);
    if (admonition) writeAdmonition(page, element, admonition);
    if (admonition) return true;
  }
  if (traits & trait.title && element.name === "p") {
    writeLabel(page, element);
    return true;
  }
  if (traits & trait.checkbox) {
    writeMark(page, hasClass(element, "checkbox-on"));
    return true;
  }
  if (traits & (trait.role | trait.grid) && isRoleTable(element)) {
    writeTable(page, element);
    return true;
  }
  if (traits & trait.role && attribute(element, "role") === "heading" && !/^h[1-6]$/.test(element.name)) {
    writeHeading(page, element, Number(attribute(element, "aria-level") ?? 2) || 2);
    return true;
  }
  return false;
}

function writeBlockElement(page: Page, element: Element): void {
  switch (element.name) {
    case "h1":
    case "h2":
    case "h3":
    case "h4":
    case "h5":
    case "h6":
      writeHeading(page, element, Number(element.name[1]));
      return;
    case "ul":
    case "ol":
    case "menu":
    case "dir":
      writeList(page, element);
      return;
    case "dl":
      writeDefinitions(page, element);
      return;
    case "table":
      writeTable(page, element);
      return;
    case "pre":
    case "xmp":
    case "listing":
      writePre(page, element);
      return;
    case "blockquote":
      if (!writeUnreadAlert(page, element)) writeQuote(page, element);
      return;
    case "hr":
      // The line over footnotes is drawn by whatever shows them.
      if (page.blocks.isInCell || page.headingMark !== "" || (element.parent && isNoteList(element.parent)))
        flush(page);
      else writeBlock(page, [page.blocks.isNested() ? "***" : "---"]);
      return;
    case "summary":
    case "legend":
      // A heading inside keeps its own rank.
      if (holdsHeading(element)) break;
      writeLabel(page, element);
      return;
  }
  writeContainer(page, element);
}

/** Whether a button in a heading is what the heading says, not something beside it. */
function isAlone(button: Element): boolean {
  return !button.parent?.children.some((child) => child !== button && lineOf(child, 100) !== "");
}

function holdsHeading(label: Element): boolean {
  let looked = 0;
  let isFound = false;
  walk(label, ({ name }) => {
    isFound ||= /^h[1-6]$/.test(name);
    return !isFound && ++looked < 20;
  });
  return isFound;
}

function writeHeading(page: Page, element: Element, level: number): void {
  flush(page);
  // For screen readers: footnotes are named as such by their syntax.
  if (hasClass(element, "sr-only") && element.parent && isNoteList(element.parent)) return;
  if (page.headingMark !== "" || page.blocks.isInCell) {
    writeLabel(page, element);
    return;
  }
  page.headingMark = "#".repeat(Math.min(6, Math.max(1, Math.floor(level))));
  page.inline.isOneLine = true;
  writeChildren(page, element);
  flush(page);
  page.inline.isOneLine = false;
  page.headingMark = "";
}

function writePre(page: Page, pre: Element): void {
  flush(page);
  if (!page.blocks.isInCell) {
    writeBlock(page, codeBlock(pre));
    return;
  }
  for (const line of codeText(pre).split("\n")) {
    page.inline.code(line, true);
    flush(page);
  }
}

function writeQuote(page: Page, quote: Element): void {
  flush(page);
  page.blocks.enter("> ", "> ");
  writeContainer(page, quote);
  page.blocks.leave();
}

function writeFormula(page: Page, { tex, isBlock }: Formula): void {
  if (!isBlock || page.headingMark !== "" || page.blocks.isInCell) {
    page.inline.raw(`$${tex.replace(/\s+/g, " ")}$`);
    return;
  }
  writeBlock(page, ["$$", ...tex.split("\n").filter((line) => line.trim() !== ""), "$$"]);
}

/** A `style` that makes text bold, italic, struck or preformatted. */
function writeStyled(page: Page, element: Element): void {
  const style = findStyle(element);
  if (style === "plain") writeChildren(page, element);
  else if (style === "pre" && codeText(element).includes("\n")) writePre(page, element);
  else if (style === undefined || style === "pre" || (style === strongFormat && page.headingMark !== ""))
    writeInlineElement(page, element);
  else {
    page.inline.begin(style);
    writeChildren(page, element);
    page.inline.end();
  }
}

function writeCheckbox(page: Page, input: Element): void {
  if (attribute(input, "type")?.toLowerCase() !== "checkbox") return;
  const isChecked = attribute(input, "checked") !== undefined;
  // No task list can be in a cell, yet what is done can be said there.
  if (page.blocks.isInCell && page.inline.isEmpty() && attribute(input, "disabled") !== undefined) {
    page.inline.raw(isChecked ? "[x]" : "[ ]");
    page.inline.space();
  } else writeMark(page, isChecked);
}

function writeMark(page: Page, isChecked: boolean): void {
  if (!page.inline.isEmpty()) return;
  const { blocks } = page;
  if (!blocks.isAtContainerStart() || !blocks.isInList()) return;
  page.inline.raw(isChecked ? "[x]" : "[ ]");
  page.inline.space();
}
