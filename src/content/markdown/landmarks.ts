import { attribute, type Element, lineOf } from "../dom.ts";
import { type NoteKind, noteDefinition, noteKindOf } from "./footnotes.ts";
import { trait, traitsOf } from "./traits.ts";

/** What has to be known before the first word is written, because it stands further down or anywhere. */
export type Landmarks = {
  /** Label of a footnote by the id that references point at. */
  footnotes: Map<string, string>;
  definitions: Map<Element, string>;
  /** Text of a tab by its own id, and by the id of its panel after a number sign. */
  tabLabels: Map<string, string>;
  /** Whether formulas stand in scripts, beside what MathJax drew of them. */
  hasFormulaScripts: boolean;
};

export function surveyLandmarks(root: Element, keep: (element: Element) => boolean): Landmarks {
  const landmarks: Landmarks = {
    footnotes: new Map(),
    definitions: new Map(),
    tabLabels: new Map(),
    hasFormulaScripts: false,
  };
  visit(root, landmarks, keep, "none");
  return landmarks;
}

function visit(element: Element, landmarks: Landmarks, keep: (element: Element) => boolean, above: NoteKind): void {
  for (const child of element.children) {
    if (child.type === "text" || !keep(child)) continue;
    let notes = above;
    if (child.attributes.length > 0) {
      const traits = traitsOf(child, false);
      if (traits & (trait.notes | trait.role | trait.id)) notes = noteKindOf(child, above);
      if (traits & (trait.id | trait.notes) || child.name === "a") noteDefinition(child, landmarks, notes);
      if (traits & (trait.role | trait.tabs)) noteTab(child, landmarks.tabLabels);
      if (child.name === "script" && attribute(child, "type")?.startsWith("math/tex"))
        landmarks.hasFormulaScripts = true;
    }
    if (child.children.length > 0) visit(child, landmarks, keep, notes);
  }
}

function noteTab(element: Element, labels: Map<string, string>): void {
  if (!isTab(element)) return;
  const label = lineOf(element, 200);
  const id = attribute(element, "id");
  if (id) labels.set(id, label);
  const target =
    attribute(element, "href") ??
    attribute(element, "data-bs-target") ??
    attribute(element, "data-target") ??
    `#${attribute(element, "aria-controls") ?? ""}`;
  if (target.length > 1 && target.startsWith("#")) labels.set(target, label);
}

export function isTab(element: Element): boolean {
  if (attribute(element, "role") === "tab") return true;
  const toggle = attribute(element, "data-bs-toggle") ?? attribute(element, "data-toggle");
  return toggle === "tab" || toggle === "pill";
}
