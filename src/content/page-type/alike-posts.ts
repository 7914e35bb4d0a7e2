import { attribute, type Element, walk } from "../dom.ts";
import type { Body } from "./post-bodies.ts";

const outside = new Set(["nav", "footer", "aside", "form", "script", "select", "header"]);
const minPosts = 3;
const minCharacters = 15;
const leastShare = 0.3;
const maxKinds = 3000;
/** Share of a post that its largest part must have to be what was written. */
const bodyShare = 0.6;

const memberHref = /\/(?:u|users?|members?|profiles?|people)\/[^/]|member|profile|author/i;

/**
 * Where names do not tell: elements of one make that hold a good share of the page and each a person and a time. Gives
 * what each holds most of its text in.
 */
export function findAlikePosts(root: Element, measure: (element: Element) => number): Body[] {
  const kinds = new Map<string, Element[]>();
  walk(root, (element) => {
    if (outside.has(element.name)) return false;
    if (measure(element) < minCharacters) return false;
    const key = makeOf(element);
    const kind = kinds.get(key);
    if (kind) kind.push(element);
    else if (kinds.size < maxKinds) kinds.set(key, [element]);
    return undefined;
  });
  const signs = countSigns(root);
  let best: Element[] = [];
  let bestWeight = measure(root) * leastShare;
  for (const elements of kinds.values()) {
    if (elements.length < minPosts) continue;
    const signed = elements.filter(({ order }) => (signs[order] ?? 0) >= 2);
    if (signed.length < minPosts || signed.length < elements.length * 0.7) continue;
    if (isNested(signed)) continue;
    const weight = signed.reduce((sum, element) => sum + measure(element), 0);
    if (weight > bestWeight) {
      bestWeight = weight;
      best = signed;
    }
  }
  return best.map((post) => {
    const element = largestPart(post, measure);
    return { element, characters: measure(element), isRemark: false };
  });
}

/** Name and classes of an element and of the one around it, without numbers. */
function makeOf(element: Element): string {
  const own = attribute(element, "class") ?? "";
  const above = element.parent;
  return `${element.name} ${own.slice(0, 100).replace(/\d+/g, "")}<${above?.name ?? ""} ${(above && attribute(above, "class")?.slice(0, 60)) ?? ""}`;
}

/** For each element by its order: 1 for a person's link inside it, 2 for a time, 3 for both. */
function countSigns(root: Element): Uint8Array {
  const signs: number[] = [];
  const visit = (element: Element): number => {
    let sign = 0;
    if (element.name === "time" || element.name === "relative-time") sign = 2;
    else if (element.name === "a" && memberHref.test(attribute(element, "href")?.slice(0, 200) ?? "")) sign = 1;
    for (const child of element.children) if (child.type === "element") sign |= visit(child);
    signs[element.order] = sign;
    return sign;
  };
  visit(root);
  return Uint8Array.from(signs, (sign) => sign ?? 0);
}

function isNested(elements: readonly Element[]): boolean {
  const all = new Set(elements);
  return elements.some(({ parent }) => {
    for (let at = parent, level = 0; at && level < 12; at = at.parent, level++) if (all.has(at)) return true;
    return false;
  });
}

function largestPart(post: Element, measure: (element: Element) => number): Element {
  const enough = measure(post) * bodyShare;
  let part = post;
  for (;;) {
    const next = part.children.find((child) => child.type === "element" && measure(child) >= enough);
    if (next?.type !== "element" || next.name === "p" || next.name === "a") return part;
    part = next;
  }
}
