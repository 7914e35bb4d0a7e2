import type { Element } from "./dom.ts";
import type { Measure, Measures } from "./measure.ts";

/** How readily an element is taken for boilerplate: by its names, only if it looks so too, or by its tag alone. */
export type Strictness = "names" | "looks" | "tags";

/** A page without what is not its content. */
export type Pruned = {
  isKept: (element: Element) => boolean;
  /** How much of what is left in an element reads like text, in characters. */
  massOf: (element: Element) => number;
  measureOf: (element: Element) => Measure | undefined;
  drop: (element: Element) => void;
};

/** More than this share of the page's prose is kept even in an element that calls itself a sidebar. */
const largestBoilerplate = 0.4;
/** Where comments hold more than this share of the prose, they are what the page is for. */
const forumShare = 0.5;
/** Unless it is as short as a footer's small print. */
const shortProse = 500;
/** Fewer characters of prose are too few to tell text from teasers. */
const littleProse = 200;

/** Text that reads like sentences counts whole, labels by half, links next to nothing. */
export function weigh({ prose, characters, linkCharacters }: Measure): number {
  return prose + (characters - linkCharacters - prose) * 0.4 + linkCharacters * 0.05;
}

export function prune(body: Element, measures: Measures, strictness: Strictness): Pruned {
  const masses: (number | undefined)[] = [];
  const isBoilerplate = boilerplateTest(body, measures, strictness);

  const visit = (element: Element, isSuspect: boolean): number => {
    const own = measures.of(element);
    if (!own || (element !== body && isBoilerplate(element, own, isSuspect))) return 0;
    let mass = weigh(own);
    for (const child of element.children) {
      const inner = child.type === "element" ? measures.of(child) : undefined;
      if (inner && child.type === "element") {
        mass += visit(child, isSuspect || own.role === "boilerplate") - weigh(inner);
      }
    }
    masses[element.order] = Math.max(0, mass);
    return Math.max(0, mass);
  };
  visit(body, false);

  return {
    isKept: (element) => masses[element.order] !== undefined,
    massOf: (element) => masses[element.order] ?? 0,
    measureOf: measures.of,
    drop: (element) => {
      masses[element.order] = undefined;
    },
  };
}

type Test = (element: Element, own: Measure, isInsideSuspect: boolean) => boolean;

function boilerplateTest(body: Element, measures: Measures, strictness: Strictness): Test {
  if (strictness === "tags") return ({ name }) => name === "nav" || name === "footer";
  const whole = measures.of(body);
  const prose = whole?.prose ?? 0;
  const characters = whole?.characters ?? 0;
  const isForum = proseOfComments(body, measures) > prose * forumShare;
  const isByName = strictness === "names";
  return (element, own, isInsideSuspect) => {
    switch (own.role) {
      case "content":
      case "neutral":
        return element.name === "header" && !own.hasTitle && own.prose < littleProse;
      case "overlay":
        return isByName;
      case "comments":
        return isByName && !isForum;
      case "boilerplate":
        if (own.hasTitle) return false;
        // What is inside an element whose name was not believed is judged by its looks.
        if (isInsideSuspect || !isByName) return own.prose < littleProse && own.linkCharacters > own.characters * 0.3;
        return (
          own.prose < Math.max(prose * largestBoilerplate, shortProse) &&
          (prose > 0 || own.characters < characters * largestBoilerplate)
        );
    }
  };
}

function proseOfComments(element: Element, measures: Measures): number {
  let prose = 0;
  for (const child of element.children) {
    if (child.type === "text") continue;
    const own = measures.of(child);
    if (own) prose += own.role === "comments" ? own.prose : proseOfComments(child, measures);
  }
  return prose;
}
