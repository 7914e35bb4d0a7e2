import { and, asc, desc, eq, inArray, lte, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pages } from "../db/schema/pages.ts";
import { indexedPages, passages } from "../db/schema/passages.ts";
import { toPassageText } from "../passages/passage-text.ts";
import { type Dictionary, stemWords } from "../passages/stems.ts";
import { hasStem, lexemeOf } from "../passages/terms.ts";
import { readWords, type Word } from "../passages/words.ts";
import type { RankedPage } from "./ranking.ts";
import type { FoundPassage, SearchResult, SnippetPart } from "./search.ts";
import { cutSnippet, type Match, withoutStrays } from "./snippets.ts";
import { type WeighedTerm, worthOf } from "./term-worths.ts";

/** Fetches what is shown of pages that were found; those that are gone by now are left out. */
export async function readResults(
  db: Db,
  found: readonly RankedPage[],
  { terms, passagesPerPage, at }: { terms: readonly WeighedTerm[]; passagesPerPage: number; at: Date | undefined },
): Promise<SearchResult[]> {
  if (found.length === 0) return [];
  const ids = found.map(({ pageId }) => pageId);
  const shown = found.flatMap((page) => page.passages.slice(0, passagesPerPage).map(({ id }) => id));
  const pageRows = await db
    .select({
      ...{ id: pages.id, url: pages.url, language: pages.language, pageType: pages.pageType },
      ...{ title: sql<string | null>`coalesce(${indexedPages.title}, ${pages.title})`, summary: indexedPages.summary },
      version: sql<number>`coalesce(${indexedPages.version}, ${pages.version})`,
      ...{ fetchedAt: pages.lastFetchedAt, changedAt: pages.lastChangedAt },
    })
    .from(pages)
    .leftJoin(indexedPages, eq(indexedPages.pageId, pages.id))
    .where(inArray(pages.id, ids));
  const versions = at ? await readVersions(db, ids, at) : undefined;
  const passageRows = await db
    .select({
      id: passages.id,
      place: passages.place,
      headingPath: passages.headingPath,
      anchor: passages.anchor,
      text: passages.text,
      dictionary: passages.dictionary,
    })
    .from(passages)
    .where(inArray(passages.id, shown));
  const snippets = await cutSnippets(db, passageRows, terms);
  const byPage = new Map(pageRows.map((page) => [page.id, page]));
  const byId = new Map(passageRows.map((row) => [row.id, row]));
  return found.flatMap(({ pageId, websiteId, score, passages: ranked }) => {
    const page = byPage.get(pageId);
    if (!page) return [];
    const version = versions?.get(pageId);
    const listed = ranked.slice(0, passagesPerPage).flatMap(({ id }): FoundPassage[] => {
      const passage = byId.get(id);
      if (!passage) return [];
      const { place, headingPath, anchor } = passage;
      const url = anchor === null ? page.url : `${page.url}#${encodeURI(anchor)}`;
      return [{ id, place, headingPath, anchor, url, snippet: snippets.get(id) ?? [] }];
    });
    return {
      ...{ pageId, websiteId, url: page.url, score },
      title: version ? version.title : page.title,
      summary: version ? version.description : page.summary,
      language: version ? version.language : page.language,
      pageType: page.pageType,
      version: (version ?? page).version,
      fetchedAt: (version ?? page).fetchedAt,
      changedAt: version ? version.fetchedAt : page.changedAt,
      passages: listed,
    };
  });
}

/** The versions of pages that were current at a time, as far as they are kept. */
async function readVersions(db: Db, pageIds: readonly string[], at: Date) {
  const { pageId, version, title, description, language, fetchedAt } = markdownDocuments;
  const rows = await db
    .selectDistinctOn([pageId], { pageId, version, title, description, language, fetchedAt })
    .from(markdownDocuments)
    .where(and(inArray(pageId, [...pageIds]), lte(fetchedAt, at)))
    .orderBy(asc(pageId), desc(version));
  return new Map(rows.map((row) => [row.pageId, row]));
}

type PassageRow = { id: string; text: string; dictionary: Dictionary };

async function cutSnippets(db: Db, rows: readonly PassageRow[], terms: readonly WeighedTerm[]) {
  const worths = terms.map(worthOf);
  const read = rows.map(({ id, text: markdown, dictionary }) => {
    const { text } = toPassageText(markdown);
    return { id, text, dictionary, words: terms.length === 0 ? [] : readWords(text) };
  });
  const matchers = new Map<Dictionary, Matcher>();
  for (const dictionary of new Set(rows.map((row) => row.dictionary))) {
    const words = read.flatMap((row) => (row.dictionary === dictionary ? row.words : []));
    const texts = new Set<string>();
    for (const word of words) if (hasStem(word)) texts.add(word.text);
    matchers.set(dictionary, createMatcher(terms, dictionary, await stemWords(db, dictionary, texts)));
  }
  const snippets = new Map<string, SnippetPart[]>();
  for (const { id, text, dictionary, words } of read) {
    const matches: Match[] = [];
    for (const word of words) {
      const match = matchers.get(dictionary)?.(word);
      if (match) matches.push(match);
    }
    snippets.set(id, cutSnippet(text, withoutStrays(matches), { worths }));
  }
  return snippets;
}

type Matcher = (word: Word) => Match | undefined;

/** Tells which term a word is, if any; remembered, since texts say the same words over and over. */
function createMatcher(
  terms: readonly WeighedTerm[],
  dictionary: Dictionary,
  stems: ReadonlyMap<string, string | null>,
): Matcher {
  const known = new Map<string, number>();
  const beginnings: { text: string; term: number }[] = [];
  for (const [index, { term }] of terms.entries()) {
    for (const stem of term.stems.get(dictionary) ?? []) {
      if (!known.has(stem)) known.set(stem, index);
      if (term.isPrefix) beginnings.push({ text: stem, term: index });
    }
  }
  const remembered = new Map<string, number | undefined>();
  const findTerm = (word: Word) => {
    const lexeme = lexemeOf(word, stems);
    if (lexeme === null) return undefined;
    return known.get(lexeme) ?? beginnings.find((each) => lexeme.startsWith(each.text))?.term;
  };
  return (word) => {
    const { text, start, end, kind } = word;
    if (!remembered.has(text)) remembered.set(text, findTerm(word));
    const term = remembered.get(text);
    if (term !== undefined) return { start, end, term, isPart: kind === "gram" };
    // A character that is looked for alone is one of a pair.
    const single =
      kind === "gram" && text.length === end - start ? [...text].find((each) => known.has(each)) : undefined;
    if (single === undefined) return undefined;
    const from = start + text.indexOf(single);
    return { start: from, end: from + single.length, term: known.get(single) ?? 0 };
  };
}
