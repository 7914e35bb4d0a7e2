import type { ListedPage } from "./listed-pages.ts";
import { inTurns, nextTurn } from "./turns.ts";

/** A place in the hierarchy of a website: a folder, a page, or both. */
export type PageNode = {
  /** Of a place below another the last part of its path, of a host its name; empty for the root. */
  name: string;
  parent: PageNode | undefined;
  /** Its own page first, then those of the same path with a query. */
  pages: ListedPage[];
  children: PageNode[];
  /** Pages here and below. */
  count: number;
};

/** What a folder is shown by, by its name in the URL. */
const INDEX_NAME = /^(?:index|default|home)\.(?:x?html?|php\d?|aspx?|jsp|md)$/i;
const ENDING = /(?<=[^.])\.(?:x?html?|php\d?|aspx?|jsp|md|markdown)$/i;

/** Deeper places are those of the folder there: paths that go on for ever are no hierarchy. */
const MAX_DEPTH = 40;

/** The order of names as people write them: `chapter 9` before `chapter 10`; the same wherever it runs. */
const collator = new Intl.Collator("en", { numeric: true });
export const compareNames = (a: string, b: string) => collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);

export type PageTree = { root: PageNode; nodeOf: ReadonlyMap<string, PageNode> };

/**
 * The pages by host and path; `/a`, `/a/`, `/a.html` and `/a/index.html` are one place. Everything is in the order of names.
 */
export async function toPageTree(pages: readonly ListedPage[], signal?: AbortSignal): Promise<PageTree> {
  const root: PageNode = { name: "", parent: undefined, pages: [], children: [], count: 0 };
  const byName = new Map<PageNode, Map<string, PageNode>>();
  const nodeOf = new Map<string, PageNode>();
  for await (const batch of inTurns(pages, signal)) {
    for (const page of batch) {
      let node = root;
      for (const name of [page.host, ...namesOf(page.path)]) node = childOf(node, name, byName);
      node.pages.push(page);
      nodeOf.set(page.id, node);
    }
  }
  await nextTurn();
  settle(root);
  return { root, nodeOf };
}

/** Names of the places on the way to a path, which are the same for all ways to write it. */
export function namesOf(path: string): string[] {
  const [pathname = ""] = path.split("?", 1);
  const parts = pathname.split("/").slice(1, MAX_DEPTH + 1);
  const last = parts.at(-1) ?? "";
  if (last === "" || INDEX_NAME.test(last)) parts.pop();
  else parts[parts.length - 1] = last.replace(ENDING, "");
  return parts.filter((part) => part !== "");
}

function childOf(node: PageNode, name: string, byName: Map<PageNode, Map<string, PageNode>>): PageNode {
  const names = byName.get(node) ?? new Map<string, PageNode>();
  byName.set(node, names);
  const known = names.get(name);
  if (known) return known;
  const child: PageNode = { name, parent: node, pages: [], children: [], count: 0 };
  names.set(name, child);
  node.children.push(child);
  return child;
}

function settle(node: PageNode): void {
  node.children.sort((a, b) => compareNames(a.name, b.name));
  for (const child of node.children) settle(child);
  node.pages.sort(comparePaths);
  node.count = node.children.reduce((count, child) => count + child.count, node.pages.length);
}

/** Without a query before with one, then the shortest: what people link to. */
function comparePaths(a: ListedPage, b: ListedPage): number {
  const byQuery = Number(a.path.includes("?")) - Number(b.path.includes("?"));
  return byQuery || a.path.length - b.path.length || compareNames(a.url, b.url);
}

/** All pages from here down, a place's own before what is below it. */
export function* pagesBelow(node: PageNode): Generator<ListedPage> {
  yield* node.pages;
  for (const child of node.children) yield* pagesBelow(child);
}
