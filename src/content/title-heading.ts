import { type Element, lineOf } from "./dom.ts";
import type { Extraction } from "./extract.ts";

/**
 * Adds the page's title to a content that begins below it, as where the heading stands over the column with the text.
 * What lies between the two stays out. `headings` are those of the whole page, in order.
 */
export function withTitle(content: Extraction, headings: readonly Element[], title: string | null): Extraction {
  const heading = title === null ? undefined : findTitle(headings, content, title);
  if (!heading) return content;
  const above = new Set(ancestorsOf(content.root));
  const root = ancestorsOf(heading).find((element) => above.has(element));
  if (!root) return content;
  const path = new Set([heading, content.root]);
  for (const end of [heading, content.root]) {
    for (let element = end.parent; element && element !== root; element = element.parent) path.add(element);
  }
  const isOnTheWay = (element: Element) =>
    element === root || (path.has(element) && element !== heading && element !== content.root);
  return {
    root,
    keep: (element) => (element.parent && isOnTheWay(element.parent) ? path.has(element) : content.keep(element)),
  };
}

/** The `<h1>` in front of the content that says the title; none if the content has an `<h1>` of its own. */
function findTitle(headings: readonly Element[], { root }: Extraction, title: string): Element | undefined {
  if (root.name === "h1") return undefined;
  let found: Element | undefined;
  for (const heading of headings) {
    if (heading.name !== "h1") continue;
    if (isInside(heading, root)) return undefined;
    if (heading.order < root.order && lineOf(heading) === title) found = heading;
  }
  return found;
}

function isInside(element: Element, root: Element): boolean {
  return ancestorsOf(element).includes(root);
}

function ancestorsOf(element: Element): Element[] {
  const ancestors: Element[] = [];
  for (let above = element.parent; above; above = above.parent) ancestors.push(above);
  return ancestors;
}
