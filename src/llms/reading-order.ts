import type { PageNode, PageTree } from "./page-tree.ts";

/** Folders whose own pages are asked for the order of what is below them. */
const MAX_HUBS = 60;
/** With less below it there is little to order. */
const MIN_CHILDREN = 2;

/** Where a place is linked first: from the page of the folder that it is in, or from the start page. */
type Rank = { inFolder: number; inStart: number };

/** The pages whose links tell the order of others: the start page's place first, then those with the most below them. */
export function findHubs({ root }: PageTree, start: PageNode | undefined): PageNode[] {
  const hubs: PageNode[] = [];
  const look = (node: PageNode) => {
    if (node.pages.length > 0 && node.children.length >= MIN_CHILDREN && node !== start) hubs.push(node);
    for (const child of node.children) look(child);
  };
  look(root);
  // The sort is stable, so equals stay in the order of the tree.
  hubs.sort((a, b) => b.count - a.count);
  return [...(start && start.pages.length > 0 ? [start] : []), ...hubs].slice(0, MAX_HUBS);
}

/**
 * Puts the tree into the order in which its own pages link to what is in it: a place's children by the first link to
 * them, or to something below them, on the place's own page; those that it does not link to by the start page; the rest by
 * name. What is linked from afar alone would otherwise be ordered by chance.
 * @param linksOf the ids of pages that a hub links to, in order
 */
export function orderByLinks(
  { root, nodeOf }: PageTree,
  start: PageNode | undefined,
  linksOf: ReadonlyMap<PageNode, readonly string[]>,
): void {
  const ranks = new Map<PageNode, Rank>();
  const rankOf = (node: PageNode): Rank => {
    const known = ranks.get(node) ?? { inFolder: Number.POSITIVE_INFINITY, inStart: Number.POSITIVE_INFINITY };
    ranks.set(node, known);
    return known;
  };
  for (const [hub, links] of linksOf) {
    for (const [place, pageId] of links.entries()) {
      for (let node = nodeOf.get(pageId); node?.parent; node = node.parent) {
        const rank = rankOf(node);
        if (hub === start) rank.inStart = Math.min(rank.inStart, place);
        if (node.parent !== hub) continue;
        rank.inFolder = Math.min(rank.inFolder, place);
        break;
      }
    }
  }
  const sort = (node: PageNode) => {
    // Equals stay in the order of names, in which the tree is.
    node.children.sort((a, b) => compareRanks(rankOf(a), rankOf(b)));
    for (const child of node.children) sort(child);
  };
  sort(root);
}

function compareRanks(a: Rank, b: Rank): number {
  return compareNumbers(a.inFolder, b.inFolder) || compareNumbers(a.inStart, b.inStart);
}

/** Infinity less itself would be no number. */
const compareNumbers = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);
