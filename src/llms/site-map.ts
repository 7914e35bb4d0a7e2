import type { ListedPage } from "./listed-pages.ts";
import type { PageNode } from "./page-tree.ts";
import { nextTurn } from "./turns.ts";

/** Pages after which others get their turn. */
const BATCH = 1_000;

/**
 * Writes the hierarchy of a website as JSON, node by node, so that a hundred thousand pages take no tree of objects beside
 * the one that there is. A node has its name in the path, the pages that stand there and what is below it; hosts are the
 * nodes of the first level.
 */
export async function writeSiteMap(
  website: { id: string; url: string },
  root: PageNode,
  signal?: AbortSignal,
): Promise<{ text: string; pages: number }> {
  const sums = { pages: 0, bytes: 0, words: 0, tokens: 0 };
  const pieces: string[] = [];
  for (const [index, host] of root.children.entries()) {
    if (index > 0) pieces.push(",");
    for (const page of writeNode(host, "", pieces)) {
      sums.bytes += page.byteLength;
      sums.words += page.wordCount;
      sums.tokens += page.tokens;
      sums.pages++;
      if (sums.pages % BATCH === 0) await nextTurn();
      signal?.throwIfAborted();
    }
  }
  const head = JSON.stringify({ website: { id: website.id, url: website.url }, ...sums });
  return { text: `${head.slice(0, -1)},"children":[${pieces.join("")}]}\n`, pages: sums.pages };
}

/** Gives each page that it has written. */
function* writeNode(node: PageNode, above: string, pieces: string[]): Generator<ListedPage, void> {
  const isHost = node.parent?.parent === undefined;
  const path = isHost ? "" : `${above}/${node.name}`;
  const named = isHost ? { host: node.name, path: "/" } : { name: node.name, path };
  pieces.push(JSON.stringify({ ...named, count: node.count }).slice(0, -1));
  for (const [index, page] of node.pages.entries()) {
    pieces.push(index === 0 ? ',"pages":[' : ",", JSON.stringify(viewPage(page)));
    yield page;
  }
  if (node.pages.length > 0) pieces.push("]");
  for (const [index, child] of node.children.entries()) {
    pieces.push(index === 0 ? ',"children":[' : ",");
    yield* writeNode(child, path, pieces);
  }
  pieces.push(node.children.length > 0 ? "]}" : "}");
}

/** Nothing that changes with each visit, or each would make another version. */
function viewPage(page: ListedPage) {
  return {
    id: page.id,
    url: page.url,
    title: page.title,
    bytes: page.byteLength,
    words: page.wordCount,
    tokens: page.tokens,
    depth: page.depth,
    first_seen_at: page.firstSeenAt.toISOString(),
    changed_at: page.lastChangedAt.toISOString(),
    fetched_at: page.fetchedAt.toISOString(),
    content_hash: page.contentHash,
  };
}
