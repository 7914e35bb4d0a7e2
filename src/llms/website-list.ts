import type { ParserPool } from "../content/parser-pool.ts";
import type { Db } from "../db/db.ts";
import { readHubLinks } from "./hub-links.ts";
import type { ListedPage } from "./listed-pages.ts";
import { type Choice, choiceOf, filterOf, type LlmsOptions, type PageOrder } from "./llms-options.ts";
import type { LlmsLink, LlmsTxt } from "./llms-txt.ts";
import { createPageTitles, type PageTitles, toTitle } from "./page-titles.ts";
import { compareNames, namesOf, type PageNode, type PageTree, pagesBelow, toPageTree } from "./page-tree.ts";
import { findHubs, orderByLinks } from "./reading-order.ts";
import { createSecondaryRule } from "./secondary-pages.ts";
import { type Section, toSections, withDistinctTitles } from "./sections.ts";
import { inTurns, nextTurn } from "./turns.ts";

/** All pages of a website, each text once, in reading order. */
export type OrderedPages = {
  tree: PageTree;
  pages: ListedPage[];
  start: ListedPage | undefined;
};

/** Puts pages into the order in which the website itself leads to them; each text once, under its simplest URL. */
export async function orderPages(
  context: { db: Db; parser?: ParserPool | undefined },
  websiteUrl: string,
  listed: readonly ListedPage[],
  signal?: AbortSignal,
): Promise<OrderedPages> {
  const tree = await toPageTree(listed, signal);
  const startNode = findStart(tree, websiteUrl);
  const start = startNode?.pages[0];
  const hubs = findHubs(tree, startNode);
  orderByLinks(tree, startNode, await readHubLinks(context, hubs, listed, signal));
  await nextTurn();
  return { tree, pages: withoutTwins([...pagesBelow(tree.root)], start), start };
}

/** What stands at the website's URL, else the first place of its host that has more than half of all below it. */
function findStart({ root }: PageTree, websiteUrl: string): PageNode | undefined {
  const { host, pathname } = new URL(websiteUrl);
  let node = root.children.find(({ name }) => name === host);
  for (const part of namesOf(pathname)) node = node?.children.find(({ name }) => name === part);
  if (node && node.pages.length > 0) return node;
  let place: PageNode | undefined = root;
  while (place && place.pages.length === 0) place = place.children.find(({ count }) => count * 2 > root.count);
  return place;
}

function withoutTwins(pages: readonly ListedPage[], start: ListedPage | undefined): ListedPage[] {
  const best = new Map<string, ListedPage>();
  for (const page of pages) {
    const known = best.get(page.contentHash);
    if (!known || page === start || (known !== start && isSimpler(page, known))) best.set(page.contentHash, page);
  }
  return pages.filter((page) => best.get(page.contentHash) === page);
}

/** Only the first of equals in reading order stays. */
function isSimpler({ path: a }: ListedPage, { path: b }: ListedPage): boolean {
  return a.includes("?") === b.includes("?") ? a.length < b.length : b.includes("?");
}

/** What the website calls itself. */
export type WebsiteName = { title: string; summary: string | undefined };

/** Chooses what `llms.txt` shows, and how. */
export async function toLlmsTxt(
  { pages, start }: Pick<OrderedPages, "pages" | "start">,
  options: LlmsOptions,
  name: WebsiteName,
  signal?: AbortSignal,
): Promise<LlmsTxt> {
  const listed = await chooseInTurns(pages, filterOf(options), signal);
  const ranks = new Map(pages.map((page, rank) => [page.id, rank]));
  const rankOf = ({ id }: ListedPage) => ranks.get(id) ?? 0;
  const titles = await createPageTitles(listed, signal);
  const { named, others, optional } = await sortOut(listed, options, start, signal);
  const sections = withDistinctTitles<Section & { order?: PageOrder | undefined }>([
    ...named,
    ...(await toSections(others, { titles, rankOf, startHost: start?.host })),
  ]);
  const order = (group: readonly ListedPage[], by = options.order) => orderGroup(group, by, titles, start);
  return {
    title: options.title ?? name.title,
    summary: options.summary ?? name.summary,
    sections: sections.map((section) => ({ title: section.title, pages: order(section.pages, section.order) })),
    optional: order(optional),
    describe: (group) => describePages(group, titles, options),
  };
}

/** Patterns of strangers may take long over very many pages. */
export async function chooseInTurns(
  pages: readonly ListedPage[],
  isChosen: Choice,
  signal: AbortSignal | undefined,
): Promise<ListedPage[]> {
  const chosen: ListedPage[] = [];
  for await (const batch of inTurns(pages, signal)) {
    for (const page of batch) if (isChosen(page.url)) chosen.push(page);
  }
  return chosen;
}

async function sortOut(
  pages: readonly ListedPage[],
  options: LlmsOptions,
  start: ListedPage | undefined,
  signal: AbortSignal | undefined,
) {
  const isOptional = choiceOf(options.optional);
  const isSecondary = createSecondaryRule(pages);
  const choices = options.sections.map(({ paths }) => choiceOf(paths));
  const named = options.sections.map(({ title, order }) => ({ title, order, pages: [] as ListedPage[] }));
  const others: ListedPage[] = [];
  const optional: ListedPage[] = [];
  for await (const batch of inTurns(pages, signal)) {
    for (const page of batch) {
      // What somebody named goes before what is told by rule.
      const section = named[choices.findIndex((isIn) => isIn(page.url))];
      if (isOptional(page.url)) optional.push(page);
      else if (section) section.pages.push(page);
      else if (page !== start && isSecondary(page)) optional.push(page);
      else others.push(page);
    }
  }
  return { named: named.filter((section) => section.pages.length > 0), others, optional };
}

function orderGroup(
  group: readonly ListedPage[],
  order: PageOrder,
  titles: PageTitles,
  start: ListedPage | undefined,
): ListedPage[] {
  if (order === "navigation") return [...group].sort((a, b) => Number(b === start) - Number(a === start));
  const compare: Record<Exclude<PageOrder, "navigation">, (a: ListedPage, b: ListedPage) => number> = {
    path: (a, b) => compareNames(a.url, b.url),
    title: (a, b) => compareNames(titles.titleOf(a), titles.titleOf(b)) || compareNames(a.url, b.url),
    newest: (a, b) => b.lastChangedAt.getTime() - a.lastChangedAt.getTime() || compareNames(a.url, b.url),
  };
  return [...group].sort(compare[order]);
}

/** Of pages with the same title in a list, each says where it is. */
function describePages(group: readonly ListedPage[], titles: PageTitles, { descriptions }: LlmsOptions): LlmsLink[] {
  const counts = new Map<string, number>();
  const links = group.map((page) => {
    const title = titles.titleOf(page);
    counts.set(title, (counts.get(title) ?? 0) + 1);
    return {
      page,
      title,
      description: (descriptions[page.path] ?? descriptions[page.url] ?? titles.summaryOf(page)) || undefined,
    };
  });
  const named = links.map((link) =>
    counts.get(link.title) === 1 ? link : { ...link, title: `${link.title} (${placeOf(link.page)})` },
  );
  const again = new Map<string, number>();
  for (const { title } of named) again.set(title, (again.get(title) ?? 0) + 1);
  return named.map((link, index) =>
    again.get(link.title) === 1 ? link : { ...link, title: `${links[index]?.title} (${link.page.path})` },
  );
}

/** The folder that a page is in, else its own name. */
function placeOf({ path, host }: ListedPage): string {
  const [pathname = ""] = path.split("?", 1);
  const names = pathname.split("/").filter((name) => name !== "");
  const folder = names.at(-2) ?? names.at(-1);
  return folder === undefined ? host : toTitle(folder);
}
