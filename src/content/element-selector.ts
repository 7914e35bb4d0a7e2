import { attribute, classNames, type Element, isElement, walk } from "./dom.ts";

/** As long as a selector may be that a request gives back. */
const MAX_LENGTH = 1_000;
/** Identifiers that need no escapes in CSS. Others are left alone: a path tells as much. */
const plainName = /^-?[A-Za-z_][\w-]{0,80}$/;

const known = new WeakMap<Element, (element: Element) => string>();

/**
 * Names elements of a page by CSS selectors that match them alone: by an id or a class where one is theirs alone, since
 * that is likely to hold on the site's other pages too, else by the path from the nearest element that has such a name.
 * The page is read through once, when it is first asked for: later changes of the tree don't matter.
 */
export function createElementSelectors(root: Element): (element: Element) => string {
  const made = known.get(root) ?? nameElements(root);
  known.set(root, made);
  return made;
}

function nameElements(root: Element): (element: Element) => string {
  const counts = new Map<string, number>();
  const steps = new Map<Element, string>();
  nameChildren(root, steps);
  walk(root, (element) => {
    for (const name of namesOf(element)) counts.set(name, (counts.get(name) ?? 0) + 1);
    nameChildren(element, steps);
    return true;
  });
  const nameOf = (element: Element): string | undefined => {
    if (element.name === "html" || element.name === "body") return element.name;
    return namesOf(element).find((name) => counts.get(name) === 1);
  };
  return (element) => {
    const path: string[] = [];
    let length = 0;
    for (let current: Element | null = element; current?.parent; current = current.parent) {
      const name = nameOf(current);
      const step = name ?? steps.get(current) ?? current.name;
      length += step.length + 3;
      if (length > MAX_LENGTH) break;
      path.push(step);
      if (name !== undefined) break;
    }
    return path.reverse().join(" > ") || element.name;
  };
}

/** Elements that say by their name what they are for. */
const tellingNames = new Set(["main", "article", "nav", "header", "footer", "aside", "h1"]);

/** Selectors that might match it alone, the best first. */
function namesOf(element: Element): string[] {
  const names = tellingNames.has(element.name) ? [element.name] : [];
  if (element.attributes.length === 0) return names;
  const id = attribute(element, "id");
  if (id && plainName.test(id)) names.unshift(`#${id}`);
  for (const name of classNames(element).slice(0, 20)) {
    if (plainName.test(name)) names.push(`${element.name}.${name}`);
  }
  return names;
}

/** What tells each child from its siblings: its tag's name, with its number where there are several. */
function nameChildren(parent: Element, steps: Map<Element, string>): void {
  const byName = new Map<string, Element[]>();
  for (const child of parent.children.filter(isElement)) {
    const alike = byName.get(child.name);
    if (alike) alike.push(child);
    else byName.set(child.name, [child]);
  }
  for (const [name, alike] of byName) {
    if (alike.length === 1) continue;
    for (const [at, child] of alike.entries()) steps.set(child, `${name}:nth-of-type(${at + 1})`);
  }
}
