import type { Decision, DocumentInput, Quality } from "./document.ts";
import { collapse, type Element, type Node, walk } from "./dom.ts";
import { createElementSelectors } from "./element-selector.ts";
import type { Extraction } from "./extract.ts";
import { isHidden } from "./hidden.ts";
import { isBlock } from "./nesting.ts";
import { compileSelectors, type Selected, selectElements } from "./selectors.ts";

export type SelectionOptions = Pick<DocumentInput, "includeSelectors" | "excludeSelectors" | "explain">;

/** What was asked for is not what is given. */
const LITTLE_CONFIDENCE = 0.1;
const textLength = 200;

/**
 * Makes of a page what selectors say. What is to be left out is taken from the tree, so that nothing that comes after
 * sees it; with selectors of what to keep, the content is what they match, in the page's order, and if that is nothing,
 * what `extract` finds.
 */
export function applySelectors(
  root: Element,
  options: SelectionOptions,
  extract: () => Extraction,
): { content: Extraction; isTruncated: boolean } {
  const wanted = select(root, options.includeSelectors);
  const unwanted = select(root, options.excludeSelectors);
  if (!wanted && !unwanted) return { content: extract(), isTruncated: false };
  const isTruncated = wanted?.isComplete === false || unwanted?.isComplete === false;
  const before = countVisible(root);
  const left = unwanted?.elements ?? [];
  const gone = left.reduce((sum, element) => sum + countVisible(element), 0);
  const decisions = options.explain ? explainSelection(root, wanted?.elements ?? [], left) : undefined;
  takeOut(left);
  const elements = wanted ? stillIn(root, wanted.elements) : [];
  if (elements.length > 0) {
    const kept = elements.reduce((sum, element) => sum + countVisible(element), 0);
    const quality: Quality = {
      chosen: "selection",
      rule: "include-selectors",
      confidence: isTruncated ? 0.5 : 1,
      textShare: shareOf(kept, before),
    };
    return {
      content: { root: gather(elements), keep: (element) => !isHidden(element), quality, decisions },
      isTruncated,
    };
  }
  const found = extract();
  const share = left.length > 0 ? shareOf(before - gone, before) : 1;
  const ordinary = {
    ...found,
    quality: { ...found.quality, textShare: found.quality.textShare * share },
    decisions: decisions && [...decisions.filter(isExclusion), ...(found.decisions ?? [])],
  };
  return { content: wanted ? withoutMatch(ordinary, wanted) : ordinary, isTruncated };
}

function select(root: Element, selectors: readonly string[] | undefined): Selected | undefined {
  return selectors && selectors.length > 0 ? selectElements(root, compileSelectors(selectors)) : undefined;
}

function withoutMatch(found: Extraction, { isComplete }: Selected): Extraction {
  const rule = isComplete ? "include-selectors-matched-nothing" : "include-selectors-too-costly";
  const { chosen, textShare } = found.quality;
  return { ...found, quality: { chosen, rule, confidence: LITTLE_CONFIDENCE, textShare } };
}

function takeOut(elements: readonly Element[]): void {
  const out = new Set<Node>(elements);
  for (const parent of new Set(elements.map(({ parent }) => parent))) {
    if (parent) parent.children = parent.children.filter((child) => !out.has(child));
  }
  for (const element of elements) hollow(element);
}

/** Whoever holds on to it, or to something in it, finds nothing there. */
function hollow(element: Element): void {
  const { children } = element;
  element.children = [];
  for (const child of children) if (child.type === "element") hollow(child);
}

function stillIn(root: Element, elements: readonly Element[]): Element[] {
  if (elements.includes(root)) return root.children.length > 0 ? [root] : [];
  const wanted = new Set(elements);
  const found: Element[] = [];
  walk(root, (element) => {
    if (!wanted.has(element)) return true;
    // Whoever names what is hidden wants to see it.
    found.push(isHidden(element) ? { ...element, attributes: [] } : element);
    return false;
  });
  return found;
}

/** Elements that mean nothing without the one they belong to: what stands for it when they come alone. */
const tableParts = ["table", "thead", "tbody", "tfoot"];
const shells = new Map<string, readonly string[]>([
  ["li", ["ul", "ol", "menu"]],
  ["dt", ["dl"]],
  ["dd", ["dl"]],
  ["tr", tableParts],
  ["thead", tableParts],
  ["tbody", tableParts],
  ["tfoot", tableParts],
]);

/** One root over elements from here and there; list items and rows that stood together stay a list and a table. */
function gather(elements: readonly Element[]): Element {
  const root: Element = { type: "element", name: "div", attributes: [], children: [], parent: null, order: 0 };
  let shell: Element | undefined;
  for (const element of elements) {
    const { parent, name } = element;
    if (!parent || !shells.get(name)?.includes(parent.name)) {
      root.children.push(name === "td" || name === "th" ? { ...element, name: "div" } : element);
      shell = undefined;
      continue;
    }
    if (shell?.order !== parent.order) {
      shell = { ...parent, name: name === "tr" ? "table" : parent.name, children: [] };
      root.children.push(shell);
    }
    shell.children.push(element);
  }
  return root;
}

const isExclusion = ({ rule }: Decision) => rule === "exclude-selectors";

/** Parts of the page in its order, each as large as it can be. */
function explainSelection(root: Element, wanted: readonly Element[], unwanted: readonly Element[]): Decision[] {
  const decisions: Decision[] = [];
  const selectorOf = createElementSelectors(root);
  const [chosen, left] = [new Set(wanted), new Set(unwanted)];
  const above = new Set<Element>();
  for (const element of [...wanted, ...unwanted]) {
    for (let at = element.parent; at && !above.has(at); at = at.parent) above.add(at);
  }
  const tell = (element: Element, isKept: boolean, rule: string, characters: number) => {
    const text = beginningOf(element);
    if (characters > 0)
      decisions.push({ isKept, rule, confidence: 1, selector: selectorOf(element), text, characters });
  };
  /** Returns the characters that were left out. */
  const visit = (element: Element, isInChosen: boolean): number => {
    if (left.has(element)) {
      const characters = countVisible(element);
      tell(element, false, "exclude-selectors", characters);
      return characters;
    }
    const isChosen = chosen.has(element);
    const place = decisions.length;
    let gone = 0;
    if (above.has(element)) {
      for (const child of element.children) if (child.type === "element") gone += visit(child, isInChosen || isChosen);
    } else if (!isChosen && !isInChosen) tell(element, false, "not-selected", countVisible(element));
    if (isChosen && !isInChosen) {
      const inside = decisions.splice(place);
      tell(element, true, "include-selectors", countVisible(element) - gone);
      decisions.push(...inside);
    }
    return gone;
  };
  visit(root, false);
  return decisions;
}

/** The first words, blocks apart from each other, as their source need not have them. */
function beginningOf(element: Element): string {
  let text = "";
  const visit = (node: Node): void => {
    if (text.length >= 2 * textLength) return;
    if (node.type === "text") {
      text += node.text.slice(0, 2 * textLength);
      return;
    }
    if (unseenNames.has(node.name)) return;
    if (isBlock(node.name)) text += " ";
    for (const child of node.children) visit(child);
    if (isBlock(node.name)) text += " ";
  };
  visit(element);
  return collapse(text).slice(0, textLength).trimEnd().toWellFormed();
}

const unseenNames = new Set(["head", "title", "script", "style"]);

/** Characters that a reader sees, white space left out. */
function countVisible(element: Element): number {
  if (unseenNames.has(element.name) || isHidden(element)) return 0;
  let count = 0;
  for (const child of element.children) {
    if (child.type === "element") count += countVisible(child);
    else for (let at = 0; at < child.text.length; at++) if (child.text.charCodeAt(at) > 32) count++;
  }
  return count;
}

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 1 : Math.min(1, Math.max(0, Math.round((part / whole) * 10_000) / 10_000));
}
