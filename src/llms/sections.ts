import type { ListedPage } from "./listed-pages.ts";
import { onOneLine, type PageTitles, shortenText, toTitle } from "./page-titles.ts";
import { type PageNode, pagesBelow, toPageTree } from "./page-tree.ts";

export type Section = { title: string; pages: ListedPage[] };

/** Fewer pages are no section. */
const MIN_PAGES = 3;
/** A longer section is divided by its folders, where it has several of some size. */
const LONG = 60;
const MIN_PART = 5;
const MAX_LEVEL = 3;
const MAX_SECTIONS = 30;
/** Pages side by side in one folder are grouped by their breadcrumbs when there are more. */
const FLAT = 30;
const MAX_TITLE = 80;

/** What is in no folder: beside folders, and where there are none. */
const UNNAMED: readonly [string, string] = ["Overview", "Pages"];

/** Its meaning is the specification's: what is there may be left out. */
export const OPTIONAL = "Optional";

/**
 * Groups pages by the folders that they are in, and where there are none by their breadcrumbs; in reading order.
 * @param rankOf a page's place in reading order
 * @param startHost the website's own; what is on others stands behind it
 */
export async function toSections(
  pages: readonly ListedPage[],
  {
    titles,
    rankOf,
    startHost,
  }: { titles: PageTitles; rankOf: (page: ListedPage) => number; startHost: string | undefined },
): Promise<Section[]> {
  const { root } = await toPageTree(pages);
  sortByRank(root, rankOf);
  const home = root.children.find(({ name }) => name === startHost) ?? root.children[0];
  if (!home) return [];
  const sections = divide(home, titles, undefined, 0);
  for (const host of root.children) {
    if (host !== home) sections.push({ title: titleOfFolder(host, titles, []), pages: [...pagesBelow(host)] });
  }
  return withDistinctTitles(divideLong(gatherSmall(sections)));
}

/** The parts of a folder: what is in it itself, then each folder of some size. */
function divide(folder: PageNode, titles: PageTitles, above: string | undefined, level: number): Section[] {
  const { own, parts } = partsOf(folder);
  const title = above ?? UNNAMED[parts.length > 0 ? 0 : 1];
  const sections: Section[] = own.length > 0 ? [{ title, pages: own }] : [];
  const around = sharedBreadcrumbs([...pagesBelow(folder)]);
  for (const part of parts) {
    const name = titleOfFolder(part, titles, around);
    const whole = above === undefined ? name : `${above}: ${name}`;
    if (isDivided(part, level)) sections.push(...divide(part, titles, whole, level + 1));
    else sections.push({ title: whole, pages: [...pagesBelow(part)] });
  }
  return sections;
}

function isDivided(folder: PageNode, level: number): boolean {
  if (level + 1 >= MAX_LEVEL || folder.count <= LONG) return false;
  return partsOf(folder).parts.filter(({ count }) => count >= MIN_PART).length >= 2;
}

/** A folder that has nothing but another folder is that one. */
function partsOf(folder: PageNode): { own: ListedPage[]; parts: PageNode[] } {
  const own: ListedPage[] = [];
  let inner = folder;
  for (;;) {
    for (const page of inner.pages) own.push(page);
    const [only, ...others] = inner.children;
    if (!only || others.length > 0 || only.children.length === 0) break;
    inner = only;
  }
  const parts: PageNode[] = [];
  for (const child of inner.children) {
    if (child.count >= MIN_PAGES && child.children.length > 0) parts.push(child);
    else for (const page of pagesBelow(child)) own.push(page);
  }
  return { own, parts };
}

/** By what all its pages name it in their breadcrumbs, else its own page's title, else its name in the path. */
function titleOfFolder(folder: PageNode, titles: PageTitles, around: readonly string[]): string {
  const [page] = folder.pages;
  const title = nameInBreadcrumbs(folder, around) ?? languageOf(folder) ?? (page ? titles.titleOf(page) : undefined);
  return shortenText(onOneLine(title ?? "") || toTitle(folder.name), MAX_TITLE);
}

/** The last name that the pages below a folder share, if they share more than those around it do. */
function nameInBreadcrumbs(folder: PageNode, around: readonly string[]): string | undefined {
  const inside = sharedBreadcrumbs([...pagesBelow(folder)].slice(folder.pages.length));
  return inside.length > around.length ? inside.at(-1) : undefined;
}

function sharedBreadcrumbs(pages: readonly ListedPage[]): string[] {
  let shared: string[] | undefined;
  let count = 0;
  for (const { breadcrumbs } of pages) {
    if (breadcrumbs.length === 0) continue;
    count++;
    const before: string[] = shared ?? breadcrumbs;
    let length = 0;
    while (length < before.length && before[length] === breadcrumbs[length]) length++;
    shared = before.slice(0, length);
    if (length === 0) return [];
  }
  return count >= MIN_PAGES && count * 2 > pages.length ? (shared ?? []) : [];
}

/** A folder such as `/de/` whose pages are in that language. */
function languageOf(folder: PageNode): string | undefined {
  if (!/^[a-z]{2}(?:-[a-z]{2,4})?$/i.test(folder.name)) return undefined;
  const language = folder.name.slice(0, 2).toLowerCase();
  let same = 0;
  for (const page of pagesBelow(folder)) if (page.language?.slice(0, 2).toLowerCase() === language) same++;
  return same * 2 > folder.count ? new Intl.DisplayNames(["en"], { type: "language" }).of(folder.name) : undefined;
}

/** The longest first, as long as there may be more sections. */
function divideLong(sections: Section[]): Section[] {
  const parts = new Map<Section, Section[]>();
  let room = MAX_SECTIONS - sections.length;
  for (const section of [...sections].sort((a, b) => b.pages.length - a.pages.length)) {
    const divided = section.pages.length > FLAT ? divideFlat(section, room) : [section];
    parts.set(section, divided);
    room -= divided.length - 1;
  }
  return sections.flatMap((section) => parts.get(section) ?? [section]);
}

/** Pages side by side in one folder, by the name in their breadcrumbs in which they differ first; the largest groups. */
function divideFlat(section: Section, most: number): Section[] {
  const level = sharedBreadcrumbs(section.pages).length;
  const groups = new Map<string, ListedPage[]>();
  for (const page of section.pages) {
    const name = page.breadcrumbs[level] ?? "";
    const group = groups.get(name);
    if (group) group.push(page);
    else groups.set(name, [page]);
  }
  const large = [...groups]
    .filter(([name, pages]) => name !== "" && pages.length >= MIN_PART)
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, most);
  if (large.length < 2) return [section];
  const names = new Set(large.map(([name]) => name));
  const rest = section.pages.filter(({ breadcrumbs }) => !names.has(breadcrumbs[level] ?? ""));
  const above = UNNAMED.includes(section.title) ? "" : `${section.title}: `;
  const parts = [...groups]
    .filter(([name]) => names.has(name))
    .map(([name, pages]) => ({ title: shortenText(above + onOneLine(name), MAX_TITLE), pages }));
  return rest.length > 0 ? [{ ...section, pages: rest }, ...parts] : parts;
}

/** Beyond so many sections the smallest are one, at the end. */
function gatherSmall(sections: Section[]): Section[] {
  if (sections.length <= MAX_SECTIONS) return sections;
  const kept = new Set([...sections].sort((a, b) => b.pages.length - a.pages.length).slice(0, MAX_SECTIONS - 1));
  const others = sections.filter((section) => !kept.has(section)).flatMap(({ pages }) => pages);
  return [...sections.filter((section) => kept.has(section)), { title: "Further pages", pages: others }];
}

/** Programs know sections by their titles, and one of these by its meaning. */
export function withDistinctTitles<Titled extends { title: string }>(sections: readonly Titled[]): Titled[] {
  const taken = new Set([OPTIONAL.toLowerCase()]);
  return sections.map((section) => {
    let { title } = section;
    if (title.toLowerCase() === OPTIONAL.toLowerCase()) title = `${title} pages`;
    for (let number = 2; taken.has(title.toLowerCase()); number++) title = `${section.title} (${number})`;
    taken.add(title.toLowerCase());
    return { ...section, title };
  });
}

function sortByRank(root: PageNode, rankOf: (page: ListedPage) => number): void {
  const first = new Map<PageNode, number>();
  const rank = (node: PageNode): number => {
    let least = Number.POSITIVE_INFINITY;
    for (const page of node.pages) least = Math.min(least, rankOf(page));
    for (const child of node.children) least = Math.min(least, rank(child));
    first.set(node, least);
    return least;
  };
  rank(root);
  const sort = (node: PageNode) => {
    node.children.sort((a, b) => (first.get(a) ?? 0) - (first.get(b) ?? 0));
    for (const child of node.children) sort(child);
  };
  sort(root);
}
