import { expect, test } from "bun:test";
import { type PageTree, pagesBelow, toPageTree } from "../../src/llms/page-tree.ts";
import { findHubs, orderByLinks } from "../../src/llms/reading-order.ts";
import { listed } from "./listed.ts";

const PATHS = ["/", "/a/", "/a/one", "/a/two", "/a/two/x", "/b", "/c/deep/er", "/z"];
const pages = PATHS.map((path) => listed(path));
const pathsOf = ({ root }: PageTree) => [...pagesBelow(root)].map(({ path }) => path);
const nodeAt = (tree: PageTree, path: string) => {
  const page = pages.find((one) => one.path === path);
  const node = page && tree.nodeOf.get(page.id);
  if (!node) throw new Error(`There is nothing at ${path}`);
  return node;
};
const idsOf = (...paths: string[]) => paths.map((path) => pages.find((page) => page.path === path)?.id ?? "");

test("without links pages are in the order of their names, a folder's own first, numbers as people count", async () => {
  const numbered = await toPageTree(
    ["/x10", "/x9", "/x/", "/x", "/x/index.html", "/x.html", "/x?b", "/"].map((path) => listed(path)),
  );

  expect(pathsOf(await toPageTree([...pages].reverse()))).toEqual(PATHS);
  expect(pathsOf(numbered)).toEqual(["/", "/x", "/x/", "/x.html", "/x/index.html", "/x?b", "/x9", "/x10"]);
});

test("a folder's own page tells the order of what is in it, the start page that of the rest", async () => {
  const tree = await toPageTree(pages);
  const [start, a] = [nodeAt(tree, "/"), nodeAt(tree, "/a/")];
  const links = new Map([
    [start, idsOf("/z", "/c/deep/er", "/a/one", "/a/two", "/a/")],
    [a, idsOf("/b", "/a/two/x", "/a/one")],
  ]);

  orderByLinks(tree, start, links);

  expect(pathsOf(tree)).toEqual(["/", "/z", "/c/deep/er", "/a/", "/a/two", "/a/two/x", "/a/one", "/b"]);
});

test("hubs are the start page, then the folders with the most below them that have a page", async () => {
  const tree = await toPageTree([...pages, listed("/c/deep/est"), listed("/c/deep")]);

  const hubs = findHubs(tree, nodeAt(tree, "/b"));

  expect(hubs.map(({ name, pages: [page] }) => page?.path ?? name)).toEqual(["/b", "/", "/a/", "/c/deep"]);
});

test("a path that goes on for ever is no hierarchy", async () => {
  const tree = await toPageTree([listed(`/${"a/".repeat(1_500)}`), listed(`/${"a/".repeat(1_501)}b`)]);

  let depth = 0;
  for (let node = tree.root; node.children[0]; node = node.children[0]) depth++;
  expect(depth).toBeLessThan(50);
  expect(tree.root.count).toBe(2);
});
