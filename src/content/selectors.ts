import { compile, type Options } from "css-select";
import { AttributeAction, parse, type Selector, SelectorType } from "css-what";
import { attribute, classNames, type Element, isElement, type Node } from "./dom.ts";

/** Selectors made ready for a page; see `selectElements`. */
export type Selectors = { byName: ReadonlyMap<string, readonly Test[]>; ofAny: readonly Test[]; meter: Meter };

export type Selected = {
  /** In document order, none inside another. */
  elements: Element[];
  /** False when the page is too large for such selectors, so that not all of it was looked through. */
  isComplete: boolean;
};

type Test = (element: Element) => boolean;
type Meter = { stepsLeft: number };

/**
 * Looks at elements and attributes that matching may take on one page: some 100 ms. They are counted rather than timed, so
 * that a page gives the same document on every machine.
 */
const MAX_STEPS = 4_000_000;
/** Characters of a value, or neighbours passed over, that count as one step. */
const CHARACTERS_A_STEP = 32;
const SIBLINGS_A_STEP = 16;
/** What finding out where the children of one element stand costs besides. */
const STEPS_OF_PLACES = 8;

/** A set of selectors is a website's, of which a process crawls few at a time. */
const MAX_REMEMBERED = 64;
/** Selectors in selectors; real ones have two levels, as in `:not(:is(a, b))`. */
const MAX_NESTING = 4;
const MAX_ALTERNATIVES = 100;

/** Those that are linear, and that mean something on a page that nobody looks at. */
const pseudoClasses = new Set(
  (
    "not is where has root empty first-child last-child only-child first-of-type last-of-type only-of-type " +
    "nth-child nth-last-child nth-of-type nth-last-of-type lang any-link link"
  ).split(" "),
);

const remembered = new Map<string, Selectors>();

/** What is wrong with a selector, in words; `undefined` for a good one. */
export function findSelectorFault(selector: string): string | undefined {
  try {
    compileSelector(selector, { stepsLeft: 0 });
    return undefined;
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error))
      .replace(/ by css-select$/, "")
      .replace(/found $/, "found its end");
    return `${JSON.stringify(selector)} can't be used as a CSS selector: ${message}`;
  }
}

/** @throws Error for a selector that `findSelectorFault` finds a fault in */
export function compileSelectors(selectors: readonly string[]): Selectors {
  const key = selectors.join("\n");
  const known = remembered.get(key);
  if (known) return known;
  const meter = { stepsLeft: 0 };
  const byName = new Map<string, Test[]>();
  const ofAny: Test[] = [];
  for (const { name, test } of selectors.flatMap((selector) => compileSelector(selector, meter))) {
    const tests = name === undefined ? ofAny : (byName.get(name) ?? []);
    tests.push(test);
    if (name !== undefined) byName.set(name, tests);
  }
  const compiled = { byName, ofAny, meter };
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(key, compiled);
  return compiled;
}

/** The outermost elements of a page that one of the selectors matches. */
export function selectElements(root: Element, { byName, ofAny, meter }: Selectors): Selected {
  const elements: Element[] = [];
  const matches = (element: Element): boolean => {
    takeSteps(meter, 1);
    const isMatch = (test: Test) => test(element);
    if (ofAny.some(isMatch)) return true;
    if (byName.size === 0) return false;
    if (byName.get(element.name)?.some(isMatch)) return true;
    if (element.attributes.length === 0) return false;
    const id = attribute(element, "id");
    if (id && byName.get(`#${id}`)?.some(isMatch)) return true;
    return classNames(element).some((name) => byName.get(`.${name}`)?.some(isMatch));
  };
  const visit = (element: Element): void => {
    if (matches(element)) elements.push(element);
    else for (const child of element.children) if (child.type === "element") visit(child);
  };
  meter.stepsLeft = MAX_STEPS;
  try {
    visit(root);
    return { elements, isComplete: true };
  } catch (error) {
    if (error !== outOfSteps) throw error;
    return { elements, isComplete: false };
  }
}

const outOfSteps = new Error("The selectors take too long on this page");

function takeSteps(meter: Meter, steps: number): void {
  meter.stepsLeft -= steps;
  if (meter.stepsLeft < 0) throw outOfSteps;
}

/** Each alternative of a selector, with the name that an element must bear for it to be worth a look. */
function compileSelector(selector: string, meter: Meter): { name: string | undefined; test: Test }[] {
  const alternatives = parse(selector);
  if (alternatives.length === 0) throw new Error("it is empty");
  if (alternatives.length > MAX_ALTERNATIVES) throw new Error(`it has more than ${MAX_ALTERNATIVES} alternatives`);
  return alternatives.map((alternative) => {
    refuseUnfit(alternative, 0);
    const name = nameOf(alternative);
    const options: Options<Node, Element> = { adapter: adapterOf(meter), cacheResults: true };
    return { name, test: compile<Node, Element>([alternative], options) };
  });
}

function refuseUnfit(alternative: readonly Selector[], depth: number, isRelative = false): void {
  if (depth > MAX_NESTING) throw new Error(`it holds selectors in selectors, more than ${MAX_NESTING} deep`);
  const [first] = alternative;
  if (!first) throw new Error("it is empty");
  if (!isRelative && isCombinator(first)) throw new Error("it begins with a combinator");
  for (const part of alternative) {
    if (part.type === SelectorType.Parent) throw new Error("it has a < that no rule of CSS knows");
    if (part.type === SelectorType.PseudoElement) throw new Error(`::${part.name} is a part of no page`);
    if (part.type !== SelectorType.Pseudo) continue;
    if (!pseudoClasses.has(part.name)) throw new Error(`the pseudo-class :${part.name} is not known here`);
    if (part.name === "has" && depth > 0) throw new Error(":has() may not stand inside another selector");
    // What stands after "of" would come past these rules.
    if (part.name.startsWith("nth-") && !/^[-+\w ]{0,30}$/.test(String(part.data).replace(/\bof\b.*/s, "?")))
      throw new Error(`:${part.name}() takes a formula such as 2n + 1`);
    if (!Array.isArray(part.data)) continue;
    for (const inner of part.data) refuseUnfit(inner, depth + 1, part.name === "has");
  }
}

const isCombinator = ({ type }: Selector) =>
  type === SelectorType.Child ||
  type === SelectorType.Descendant ||
  type === SelectorType.Sibling ||
  type === SelectorType.Adjacent ||
  type === SelectorType.ColumnCombinator;

/** `#id`, `.class` or a tag's name, which the last compound asks for; `undefined` when it asks for none of them. */
function nameOf(alternative: readonly Selector[]): string | undefined {
  const last = alternative.slice(alternative.findLastIndex(isCombinator) + 1);
  let name: string | undefined;
  for (const part of last) {
    if (part.type === SelectorType.Tag) name ??= part.name.toLowerCase();
    if (part.type !== SelectorType.Attribute || part.ignoreCase === true || /\s/.test(part.value)) continue;
    if (part.name === "id" && part.action === AttributeAction.Equals) return `#${part.value}`;
    if (part.name === "class" && part.action === AttributeAction.Element) name = `.${part.value}`;
  }
  return name;
}

function adapterOf(meter: Meter): NonNullable<Options<Node, Element>["adapter"]> {
  const places = new WeakMap<Element, Places>();
  const placesIn = (parent: Element): Places => {
    const known = places.get(parent);
    if (known) return known;
    const elements = parent.children.filter(isElement);
    const made = { elements, positions: new Map<Node, number>(elements.map((element, at) => [element, at])) };
    places.set(parent, made);
    takeSteps(meter, STEPS_OF_PLACES + parent.children.length);
    return made;
  };
  return {
    isTag: (node): node is Element => {
      takeSteps(meter, 1);
      return node.type === "element";
    },
    getAttributeValue: (element, name) => {
      const value = attribute(element, name);
      takeSteps(meter, 1 + Math.floor((value?.length ?? 0) / CHARACTERS_A_STEP));
      return value;
    },
    hasAttrib: (element, name) => {
      takeSteps(meter, 1);
      return attribute(element, name) !== undefined;
    },
    getName: ({ name }) => {
      takeSteps(meter, 1);
      return name;
    },
    getChildren: (node) => {
      // Asked for by :has() and :empty alone, whose search moves its whole stack at each.
      takeSteps(meter, 4);
      return node.type === "element" ? node.children : [];
    },
    getParent: ({ parent }) => parent,
    getSiblings: (node) => {
      const siblings: Node[] = node.parent ? placesIn(node.parent).elements : [node];
      takeSteps(meter, 1 + Math.floor(siblings.length / SIBLINGS_A_STEP));
      return siblings;
    },
    prevElementSibling: (element) => {
      takeSteps(meter, 1);
      if (!element.parent) return null;
      const { elements, positions } = placesIn(element.parent);
      return elements[(positions.get(element) ?? 0) - 1] ?? null;
    },
    // Asked for by :empty alone, of texts.
    getText: (node) => {
      const text = node.type === "text" ? node.text : "";
      takeSteps(meter, 1 + Math.floor(text.length / CHARACTERS_A_STEP));
      return text;
    },
    removeSubsets: (nodes) => nodes,
  };
}

/** The elements among an element's children, and where each stands. */
type Places = { elements: Element[]; positions: Map<Node, number> };
