import { attribute, type Element, isElement, lineOf } from "../dom.ts";

/** What has to be known before the first word is written, because it stands further down or anywhere. */
export type Landmarks = {
  /** Label of a footnote by the id that references point at. */
  footnotes: Map<string, string>;
  definitions: Map<Element, string>;
  /** Text of a tab by its id. */
  tabLabels: Map<string, string>;
};

const footnoteId =
  /^(?:user-content-)?(?:fn|footnote|cite_note|ftnt?|_ftn|_footnotedef_|note|endnote|sdfootnote|easy-footnote-bottom)[-:_.]?[\w.:-]*$/i;
const noteParent = /\b(?:footnotes?|endnotes|references|footnote-list|footnotes-list)\b/i;

export function surveyLandmarks(root: Element, keep: (element: Element) => boolean): Landmarks {
  const landmarks: Landmarks = { footnotes: new Map(), definitions: new Map(), tabLabels: new Map() };
  visit(root, landmarks, keep, false);
  return landmarks;
}

function visit(element: Element, landmarks: Landmarks, keep: (element: Element) => boolean, isInNotes: boolean): void {
  for (const child of element.children) {
    if (child.type === "text" || !keep(child)) continue;
    let isNotes = isInNotes;
    if (child.attributes.length > 0) {
      isNotes ||= isNoteList(child);
      note(child, landmarks, isNotes);
    }
    if (child.children.length > 0) visit(child, landmarks, keep, isNotes);
  }
}

/** A list of footnotes, or what stands around one. */
export function isNoteList(element: Element): boolean {
  const { attributes } = element;
  for (let at = 0; at < attributes.length; at += 2) {
    const value = attributes[at + 1] ?? "";
    switch (attributes[at]) {
      case "class":
        if (value.includes("note") || value.includes("reference")) return noteParent.test(value.slice(0, 300));
        break;
      case "role":
        if (value === "doc-endnotes") return true;
        break;
      case "data-footnotes":
        return true;
    }
  }
  return false;
}

function note(element: Element, { footnotes, definitions, tabLabels }: Landmarks, isInNotes: boolean): void {
  const id = attribute(element, "id");
  if (!id) return;
  if (attribute(element, "role") === "tab") tabLabels.set(id, lineOf(element));
  const isDefinition =
    element.name === "li"
      ? isInNotes && (footnoteId.test(id) || attribute(element, "role") === "doc-endnote")
      : (element.name === "aside" || element.name === "div") && isDocutilsNote(element);
  if (!isDefinition || footnotes.has(id)) return;
  const label = String(definitions.size + 1);
  footnotes.set(id, label);
  definitions.set(element, label);
}

function isDocutilsNote(element: Element): boolean {
  const names = attribute(element, "class") ?? "";
  if (!/(?:^|\s)footnote(?:\s|$)/.test(names.slice(0, 300))) return false;
  const first = element.children.find(isElement);
  return first?.name === "span" || first?.name === "a" || first?.name === "p";
}

const reference = /^\[?[\w*†‡§.-]{1,12}\]?$/;

/** The label of the footnote that a link refers to. */
export function footnoteLabel(landmarks: Landmarks, link: Element): string | undefined {
  if (landmarks.footnotes.size === 0) return undefined;
  const href = attribute(link, "href");
  const hash = href?.indexOf("#") ?? -1;
  if (!href || hash < 0) return undefined;
  const label =
    landmarks.footnotes.get(href.slice(hash + 1)) ?? landmarks.footnotes.get(safeDecode(href.slice(hash + 1)));
  return label !== undefined && reference.test(lineOf(link)) ? label : undefined;
}

const backText = /^(?:\^|↩|↩︎|↑|⏎|↵|🔙|back|return|jump up|[a-z])(?:\ufe0e|\ufe0f)?$/i;

/** The way back from a footnote to where it is referred to. */
export function isBackReference(link: Element): boolean {
  const href = attribute(link, "href") ?? "";
  if (!href.includes("#")) return false;
  if (attribute(link, "role") === "doc-backlink" || attribute(link, "data-footnote-backref") !== undefined) return true;
  const names = attribute(link, "class") ?? "";
  if (/(?:^|\s)(?:footnote-?back(?:ref|link)?|fn-backref|reversefootnote|backref)/.test(names.slice(0, 300)))
    return true;
  return (
    /#(?:user-content-)?(?:fnref|cite_ref|_ftnref|ftntref|footnote-ref)/.test(href.slice(0, 300)) &&
    backText.test(lineOf(link))
  );
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
