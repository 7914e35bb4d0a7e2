import { attribute, type Element, hasClass, isElement, lineOf, type Node } from "../dom.ts";
import { findAdmonition, writeAdmonition } from "./admonitions.ts";
import { codeBlock, codeText } from "./code.ts";
import { isBlockName } from "./flow.ts";
import { strongFormat, writeInlineElement } from "./inline-elements.ts";
import { isNoteList } from "./landmarks.ts";
import { writeDefinitions, writeFootnote, writeList } from "./lists.ts";
import { type Formula, findFormula, isDrawnFormula } from "./math.ts";
import { flush, type Page, writeBlock } from "./page.ts";
import { writeTable } from "./tables.ts";
import { isLeftOut } from "./visibility.ts";

export function writeChildren(page: Page, element: Element): void {
  for (const child of element.children) writeNode(page, child);
}

export function writeNode(page: Page, node: Node): void {
  if (node.type === "text") page.inline.text(node.text);
  else writeElement(page, node);
}

/** Writes the children as a block of their own. */
export function writeContainer(page: Page, element: Element): void {
  flush(page);
  writeChildren(page, element);
  flush(page);
}

function writeElement(page: Page, element: Element): void {
  const { name } = element;
  if (!page.keep(element)) return;
  if (element.attributes.length > 0 || name === "math" || name === "mjx-container") {
    const formula = name === "span" || isMathHost(name) ? findFormula(element) : undefined;
    if (formula) {
      writeFormula(page, formula);
      return;
    }
    if (isDrawnFormula(element)) return;
  }
  if (name === "input") {
    writeCheckbox(page, element);
    return;
  }
  if (name === "button" && (page.headingMark !== "" || attribute(element, "role") === "heading")) {
    writeChildren(page, element);
    return;
  }
  if (isLeftOut(element)) return;
  if (isBlockName(name)) {
    writeBlockElement(page, element);
    return;
  }
  writeInlineElement(page, element);
}

function isMathHost(name: string): boolean {
  return name === "div" || name === "script" || name === "math" || name === "mjx-container" || name === "p";
}

function writeBlockElement(page: Page, element: Element): void {
  switch (element.name) {
    case "p":
      writeContainer(page, element);
      return;
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
      if (attribute(element, "role") === "tablist") {
        queueTabs(page, element);
        return;
      }
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
      writeQuote(page, element);
      return;
    case "hr":
      // The line over footnotes is drawn by whatever shows them.
      if (page.blocks.isInCell || page.headingMark !== "" || (element.parent && isNoteList(element.parent))) {
        flush(page);
        return;
      }
      writeBlock(page, [page.blocks.isNested() ? "***" : "---"]);
      return;
    case "summary":
    case "legend":
      writeLabel(page, element);
      return;
    case "figure":
      writeContainer(page, element);
      return;
  }
  writeSection(page, element);
}

function writeSection(page: Page, element: Element): void {
  if (element.attributes.length > 0) {
    const footnote = page.landmarks.definitions.get(element);
    if (footnote !== undefined) {
      writeFootnote(page, element, footnote);
      return;
    }
    const admonition = findAdmonition(element);
    if (admonition) {
      writeAdmonition(page, element, admonition);
      return;
    }
    const role = attribute(element, "role");
    if (role === "tablist" || hasClass(element, "tabbed-labels")) {
      queueTabs(page, element);
      return;
    }
    if (role === "tabpanel" || hasClass(element, "tabbed-block")) writeTabLabel(page, element);
    if (role === "heading") {
      writeHeading(page, element, Number(attribute(element, "aria-level") ?? 2) || 2);
      return;
    }
  }
  writeContainer(page, element);
}

function writeHeading(page: Page, element: Element, level: number): void {
  flush(page);
  // For screen readers: footnotes are named as such by their syntax.
  if (hasClass(element, "sr-only") && element.parent && isNoteList(element.parent)) return;
  if (page.headingMark !== "" || page.blocks.isInCell) {
    page.inline.begin(strongFormat);
    writeChildren(page, element);
    flush(page);
    page.inline.end();
    return;
  }
  page.headingMark = "#".repeat(Math.min(6, Math.max(1, Math.floor(level))));
  page.inline.isOneLine = true;
  writeChildren(page, element);
  flush(page);
  page.inline.isOneLine = false;
  page.headingMark = "";
}

/** A line in bold that stands over what follows: `<summary>`, `<legend>`. */
function writeLabel(page: Page, element: Element): void {
  flush(page);
  // A heading inside keeps its own rank.
  const isHeading = element.children.some((child) => isElement(child) && /^h[1-6]$/.test(child.name));
  if (!isHeading) page.inline.begin(strongFormat);
  writeChildren(page, element);
  flush(page);
  if (!isHeading) page.inline.end();
}

function queueTabs(page: Page, list: Element): void {
  flush(page);
  page.tabs = [];
  const collect = (element: Element) => {
    for (const child of element.children) {
      if (!isElement(child)) continue;
      if (attribute(child, "role") === "tab" || child.name === "label") page.tabs.push(lineOf(child));
      else collect(child);
    }
  };
  collect(list);
}

function writeTabLabel(page: Page, panel: Element): void {
  flush(page);
  const by = attribute(panel, "aria-labelledby");
  const next = page.tabs.shift();
  const label = (by && page.landmarks.tabLabels.get(by)) || next;
  if (!label) return;
  page.inline.begin(strongFormat);
  page.inline.text(label);
  flush(page);
  page.inline.end();
}

function writePre(page: Page, pre: Element): void {
  flush(page);
  if (!page.blocks.isInCell) {
    writeBlock(page, codeBlock(pre));
    return;
  }
  for (const line of codeText(pre).split("\n")) {
    page.inline.code(line);
    flush(page);
  }
}

function writeQuote(page: Page, quote: Element): void {
  flush(page);
  const admonition = findAdmonition(quote);
  if (admonition) {
    writeAdmonition(page, quote, admonition);
    return;
  }
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

function writeCheckbox(page: Page, input: Element): void {
  if (attribute(input, "type")?.toLowerCase() !== "checkbox" || !page.inline.isEmpty()) return;
  if (!page.blocks.isAtContainerStart() || !page.blocks.isInList()) return;
  page.inline.raw(attribute(input, "checked") === undefined ? "[ ]" : "[x]");
  page.inline.space();
}
