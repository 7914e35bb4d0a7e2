import { attribute, type Element } from "../dom.ts";

const maxElements = 1000;
const maxValues = 50;
const maxNameLength = 100;
const maxRelated = 5000;
const none: readonly string[] = [];
const noElements: readonly Element[] = [];

/** The contents of a page's `<meta>` elements, by name or property in lower case. */
export type Metas = ReadonlyMap<string, readonly string[]>;

export function readMetas(elements: readonly Element[]): Metas {
  const metas = new Map<string, string[]>();
  for (let at = 0; at < elements.length && at < maxElements; at++) {
    const element = elements[at];
    if (!element) break;
    const name = attribute(element, "property") ?? attribute(element, "name") ?? attribute(element, "http-equiv");
    const content = attribute(element, "content");
    if (!name || !content || name.length > maxNameLength || content.trim() === "") continue;
    const key = name.trim().toLowerCase();
    const known = metas.get(key);
    if (!known) metas.set(key, [content]);
    else if (known.length < maxValues) known.push(content);
  }
  return metas;
}

/** The first content of the first of these names that the page has. */
export function firstMeta(metas: Metas, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = metas.get(name)?.[0];
    if (value !== undefined) return value;
  }
  return undefined;
}

export function allMetas(metas: Metas, name: string): readonly string[] {
  return metas.get(name) ?? none;
}

/** Elements by the tokens of their `rel`, in lower case. */
export type Related = ReadonlyMap<string, readonly Element[]>;

export function groupByRel(elements: readonly Element[]): Related {
  const groups = new Map<string, Element[]>();
  for (let at = 0; at < elements.length && at < maxRelated; at++) {
    const element = elements[at];
    const rel = element && attribute(element, "rel");
    if (!rel || rel.length > maxNameLength) continue;
    for (const token of rel.includes(" ") ? rel.split(" ") : [rel]) {
      const key = token.toLowerCase();
      const group = groups.get(key);
      if (group) group.push(element);
      else groups.set(key, [element]);
    }
  }
  return groups;
}

export function allRelated(related: Related, rel: string): readonly Element[] {
  return related.get(rel) ?? noElements;
}
