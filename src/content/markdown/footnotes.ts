import { attribute, type Element, hasClass, isElement, lineOf, type Node } from "../dom.ts";
import { writeNode } from "./elements.ts";
import { isBlockName } from "./flow.ts";
import type { Landmarks } from "./landmarks.ts";
import { flush, type Page } from "./page.ts";

/** Whether an element stands in a list of footnotes, or of references, which link to their notes in the same way. */
export type NoteKind = "none" | "references" | "footnotes";

const footnoteId =
  /^(?:user-content-)?(?:fn|footnote|cite_note|ftnt?|_ftn|_footnotedef_|note|endnote|_edn|sdfootnote|easy-footnote-bottom)[-:_.]?[\w.:-]*$/i;
const backHref =
  /^#(?:user-content-)?(?:fnref|cite_ref|_ftnref|ftnt_?ref|footnote-?ref|footnote-anchor|_footnoteref|sdfootnote\d{1,5}anc|_ednref|endnote-?ref)/i;
const notesClass = /\b(?:footnotes?|endnotes|footnote-list|footnotes-list)\b/i;
const referencesClass = /\breferences\b/i;

export function noteKindOf(element: Element, above: NoteKind): NoteKind {
  if (above === "footnotes") return above;
  const names = attribute(element, "class")?.slice(0, 300) ?? "";
  if (notesClass.test(names) || attribute(element, "role") === "doc-endnotes") return "footnotes";
  if (attribute(element, "data-footnotes") !== undefined || attribute(element, "id") === "footnotes")
    return "footnotes";
  return referencesClass.test(names) ? "references" : above;
}

/** A list of footnotes, or what stands around one. */
export function isNoteList(element: Element): boolean {
  return element.attributes.length > 0 && noteKindOf(element, "none") !== "none";
}

/** Takes note of the element when it defines a footnote. */
export function noteDefinition(element: Element, landmarks: Landmarks, notes: NoteKind): void {
  const id = attribute(element, "id");
  switch (element.name) {
    case "li":
      if (id && notes !== "none" && (notes === "footnotes" || footnoteId.test(id))) define(landmarks, id, element);
      return;
    case "aside":
    case "div":
    case "table":
      if (!id) return;
      if (hasClass(element, "citation")) define(landmarks, id, element, citationLabel(element));
      else if (isDocutilsNote(element)) define(landmarks, id, element);
      return;
    case "dl":
      if (hasClass(element, "footnote") || hasClass(element, "citation")) noteList(element, landmarks);
      return;
    case "a": {
      // Word, Google Docs, LibreOffice and Substack put only an anchor before a note.
      const name = id ?? attribute(element, "name");
      if (!name || !footnoteId.test(name) || !backHref.test(attribute(element, "href")?.slice(0, 100) ?? "")) return;
      const block = blockOf(element);
      if (block && !isInDefinition(block, landmarks)) define(landmarks, name, block);
    }
  }
}

function define({ footnotes, definitions }: Landmarks, id: string, element: Element, given?: string): void {
  if (footnotes.has(id) || definitions.has(element)) return;
  const label = given ?? String(definitions.size + 1);
  footnotes.set(id, label);
  definitions.set(element, label);
}

/** Older docutils write footnotes as definition lists. */
function noteList(list: Element, landmarks: Landmarks): void {
  let id: string | undefined;
  let label: string | undefined;
  for (const child of list.children) {
    if (!isElement(child)) continue;
    if (child.name === "dt") {
      id = attribute(child, "id");
      label = hasClass(list, "citation") ? citationLabel(child) : undefined;
    } else if (child.name === "dd" && id) {
      define(landmarks, id, child, label);
      id = undefined;
    }
  }
}

function citationLabel(element: Element): string | undefined {
  const label = /^\[?([A-Za-z][\w.+-]{0,40})\]?/.exec(lineOf(element, 60))?.[1];
  return label && !/^\d+$/.test(label) ? label : undefined;
}

function blockOf(element: Element): Element | undefined {
  let above = element.parent;
  for (let levels = 0; above && levels < 4; levels++) {
    if (isBlockName(above.name)) return /^(?:p|div|li|dd)$/.test(above.name) ? above : undefined;
    above = above.parent;
  }
  return undefined;
}

function isInDefinition(block: Element, { definitions }: Landmarks): boolean {
  let at: Element | null = block;
  for (let levels = 0; at && levels < 4; levels++) {
    if (definitions.has(at)) return true;
    at = at.parent;
  }
  return false;
}

function isDocutilsNote(element: Element): boolean {
  if (!hasClass(element, "footnote")) return false;
  if (element.name === "table") return true;
  const first = element.children.find(isElement);
  return first?.name === "span" || first?.name === "a" || first?.name === "p";
}

const reference = /^[[(]?(?:[\w*†‡§¶.+-]{1,40}|\p{L}{1,10}\.? ?\d{1,4})[\])]?$/u;

/** The label of the footnote that a link refers to. */
export function footnoteLabel(landmarks: Landmarks, link: Element): string | undefined {
  if (landmarks.footnotes.size === 0) return undefined;
  const href = attribute(link, "href");
  const hash = href?.indexOf("#") ?? -1;
  if (!href || hash < 0) return undefined;
  const id = href.slice(hash + 1);
  const label = landmarks.footnotes.get(id) ?? landmarks.footnotes.get(safeDecode(id));
  return label !== undefined && reference.test(lineOf(link, 60)) ? label : undefined;
}

/** A reference in brackets of its own: `<sup>[<a href="#fn1">1</a>]</sup>`. */
export function bracketedLabel(landmarks: Landmarks, element: Element): string | undefined {
  if (landmarks.footnotes.size === 0) return undefined;
  let label: string | undefined;
  for (const child of element.children) {
    if (isElement(child)) {
      if (label !== undefined || child.name !== "a") return undefined;
      label = footnoteLabel(landmarks, child);
      if (label === undefined) return undefined;
    } else if (!/^[\s[\]()]{0,5}$/.test(child.text)) return undefined;
  }
  return label;
}

const arrow = /^(?:↩|⏎|↵|🔙|⤴|↑)(?:\ufe0e|\ufe0f)?$/;
const backText = /^(?:\^|back|return|jump up|[a-z]|[[(]?[\d*†‡]{1,5}[\])]?)$/i;

/** The way back from a footnote to where it is referred to. */
export function isBackReference(link: Element): boolean {
  const href = attribute(link, "href") ?? "";
  const hash = href.indexOf("#");
  if (hash < 0) return false;
  if (attribute(link, "role") === "doc-backlink" || attribute(link, "data-footnote-backref") !== undefined) return true;
  const names = attribute(link, "class") ?? "";
  if (/(?:^|\s)(?:footnote-?back(?:ref|link)?|fn-backref|reversefootnote|backref)/.test(names.slice(0, 300)))
    return true;
  const text = lineOf(link, 20);
  return arrow.test(text) || (backHref.test(href.slice(hash, hash + 100)) && backText.test(text));
}

export function writeFootnote(page: Page, element: Element, label: string): void {
  flush(page);
  page.blocks.enter(`[^${label}]: `, "    ");
  writeNote(page, element.name === "table" ? (lastCell(element)?.children ?? []) : element.children);
  flush(page);
  page.blocks.leave();
}

function writeNote(page: Page, children: readonly Node[]): void {
  let isAfterNumber = false;
  for (const child of children) {
    if (!isElement(child)) {
      // "1. " before a note, the number of which is the link back.
      page.inline.text(isAfterNumber ? child.text.replace(/^\s{0,5}[.:)]/, "") : child.text);
      if (child.text.trim() !== "") isAfterNumber = false;
      continue;
    }
    // Docutils repeats the number in a label of its own.
    const isLabel = child.name === "span" && hasClass(child, "label");
    if (isLabel || hasClass(child, "fn-bracket") || hasClass(child, "mw-cite-backlink")) continue;
    isAfterNumber = child.name === "a" && page.inline.isEmpty() && isBackReference(child);
    if (!isAfterNumber) writeNode(page, child);
  }
}

function lastCell(table: Element): Element | undefined {
  let found: Element | undefined;
  const search = (at: Element, depth: number) => {
    for (const child of at.children) {
      if (!isElement(child)) continue;
      if (child.name === "td") found = child;
      else if (depth < 3) search(child, depth + 1);
    }
  };
  search(table, 0);
  return found;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
