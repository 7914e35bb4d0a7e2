import { shuffle } from "./chance.ts";
import type { IndexTerm, ManualPage } from "./search-corpus.ts";
import { urlOf } from "./search-corpus.ts";

/** Something that somebody looks for who knows that it is there, and the pages that answer it. */
export type KnownItem = { kind: QueryKind; query: string; urls: ReadonlySet<string> };

export const QUERY_KINDS = ["title", "heading", "index term", "misspelt"] as const;
export type QueryKind = (typeof QUERY_KINDS)[number];

/** What stands on more pages is nothing that one of them is looked for by. */
const MAX_PAGES = 5;

/**
 * Queries made of what the pages themselves are named by: so many of each kind, by chance.
 * @param random uniform between 0 and 1, seeded, so that each run asks the same
 */
export function makeQueries(
  pages: readonly ManualPage[],
  terms: readonly IndexTerm[],
  perKind: number,
  random: () => number,
): KnownItem[] {
  const there = new Set(pages.map(({ manual, path }) => urlOf(manual, path)));
  const titles = collect(pages, ({ document }) => [bareTitle(document.title ?? "")]);
  const headings = collect(pages, ({ document }) => document.headings.map(({ text }) => bareHeading(text)));
  const indexed = terms.flatMap(({ manual, term, paths }) => {
    const urls = paths.map((path) => urlOf(manual, path)).filter((url) => there.has(url));
    return urls.length > 0 && urls.length <= MAX_PAGES && isAskable(term) ? [[term, new Set(urls)] as const] : [];
  });
  const pick = (kind: QueryKind, from: readonly (readonly [string, ReadonlySet<string>])[]) =>
    shuffle(from, random)
      .slice(0, perKind)
      .map(([query, urls]): KnownItem => ({ kind, query, urls }));
  const right = [...pick("title", titles), ...pick("heading", headings), ...pick("index term", indexed)];
  const misspelt = shuffle(right, random).flatMap(({ query, urls }) => {
    const wrong = misspell(query, random);
    return wrong === undefined ? [] : [{ kind: "misspelt" as const, query: wrong, urls }];
  });
  return [...right, ...misspelt.slice(0, perKind)];
}

function collect(pages: readonly ManualPage[], namesOf: (page: ManualPage) => string[]) {
  const byName = new Map<string, { name: string; urls: Set<string> }>();
  for (const page of pages) {
    for (const name of namesOf(page)) {
      if (!isAskable(name)) continue;
      const known = byName.get(name.toLowerCase()) ?? { name, urls: new Set<string>() };
      known.urls.add(urlOf(page.manual, page.path));
      byName.set(name.toLowerCase(), known);
    }
  }
  return [...byName.values()]
    .filter(({ urls }) => urls.size <= MAX_PAGES)
    .map(({ name, urls }) => [name, urls] as const);
}

/** Without the name of the site, which stands behind the last mark. */
const bareTitle = (title: string) => title.replace(/\s+[—–|·-]\s+[^—–|·]*$/, "").trim();

/** Without numbers of chapters. */
const bareHeading = (text: string) => text.replace(/^(?:Chapter |Appendix )?[\dA-Z]{1,3}(?:\.\d+)*\.?\s+/, "").trim();

/** A few words, of which one at least is more than a number. Nothing that a query language would read as its own. */
function isAskable(text: string): boolean {
  const words = text.split(/\s+/);
  return (
    text.length >= 4 && text.length <= 80 && words.length <= 8 && /\p{L}{3}/u.test(text) && !/[":]|^-|\s-/.test(text)
  );
}

/** With two letters of its longest word exchanged; `undefined` where no word is long enough to be known again. */
function misspell(query: string, random: () => number): string | undefined {
  const [longest = ""] = (query.match(/\p{Ll}{6,}/gu) ?? []).sort((a, b) => b.length - a.length);
  if (longest === "") return undefined;
  const at = 1 + Math.floor(random() * (longest.length - 2));
  const [a = "", b = ""] = [longest[at], longest[at + 1]];
  if (a === b) return undefined;
  return query.replace(longest, longest.slice(0, at) + b + a + longest.slice(at + 2));
}

export type Quality = { queries: number; mrr: number; recall: number };

/**
 * How well lists of ten answer known-item queries: the mean of one divided by the place of the first right page
 * (MRR@10), and the share of the right pages that are among the ten (recall@10).
 */
export function judge(answers: readonly { item: KnownItem; urls: readonly string[] }[]): Quality {
  let [mrr, recall] = [0, 0];
  for (const { item, urls } of answers) {
    const top = urls.slice(0, 10);
    const place = top.findIndex((url) => item.urls.has(url));
    if (place >= 0) mrr += 1 / (place + 1);
    recall += top.filter((url) => item.urls.has(url)).length / item.urls.size;
  }
  const queries = answers.length;
  return { queries, mrr: mrr / queries, recall: recall / queries };
}
