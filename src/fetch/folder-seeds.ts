import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openFolder, parseBaseUrl } from "./folder.ts";

const PAGE = /\.(?:html?|xhtml)$/i;
const INDEX = /^index\.html?$/;
const MAX_DEPTH = 64;

/**
 * The URL of every HTML file in a folder, sorted, a folder's index as the folder: a crawl seeded with them misses no
 * page, linked or not. Hidden files are left out, and so are symbolic links and the page for errors.
 * @throws AppError `not_found` when there is no such folder, `invalid` for a base that is no HTTP URL
 */
export async function* findFolderSeeds(root: string, baseUrl: string, maxPages = 1_000_000): AsyncGenerator<string> {
  const base = parseBaseUrl(baseUrl);
  let left = maxPages;
  for await (const names of findPages(await openFolder(root), [])) {
    if (left-- <= 0) return;
    yield new URL(toPath(names), base).href;
  }
}

async function* findPages(folder: string, above: string[]): AsyncGenerator<string[]> {
  // A folder that can't be read has no pages; its neighbours still do.
  const entries = await readdir(join(folder, ...above), { withFileTypes: true }).catch(() => []);
  const visible = entries.filter(({ name }) => !name.startsWith(".")).sort(byIndexThenName);
  // Of two index files index.html comes first, and is what the folder's URL answers with.
  const index = visible.find((entry) => entry.isFile() && INDEX.test(entry.name));

  for (const entry of visible) {
    const isErrorPage = above.length === 0 && entry.name === "404.html";
    if (entry.isDirectory() && above.length < MAX_DEPTH) yield* findPages(folder, [...above, entry.name]);
    else if (entry === index) yield [...above, ""];
    else if (entry.isFile() && PAGE.test(entry.name) && !isErrorPage) yield [...above, entry.name];
  }
}

function byIndexThenName(left: { name: string }, right: { name: string }): number {
  const difference = Number(INDEX.test(right.name)) - Number(INDEX.test(left.name));
  if (difference !== 0) return difference;
  return left.name < right.name ? -1 : 1;
}

/**
 * Encodes what would end or split a path, and leaves the rest to the URL parser: a link to the same file, as a page
 * has it, must come out the same.
 */
function toPath(names: readonly string[]): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: file names may hold them, and the URL parser drops some
  const encoded = names.map((name) => name.replace(/[%?#\\\x00-\x20]/g, (character) => encodeURIComponent(character)));
  return `./${encoded.join("/")}`;
}
