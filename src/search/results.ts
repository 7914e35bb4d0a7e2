import { and, asc, desc, eq, inArray, lte } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pages } from "../db/schema/pages.ts";
import { indexedPages, passages } from "../db/schema/passages.ts";
import { toPassageText } from "../passages/passage-text.ts";
import { type Dictionary, stemWords } from "../passages/stems.ts";
import { hasStem, lexemeOf } from "../passages/terms.ts";
import { readWords } from "../passages/words.ts";
import type { RankedPage } from "./ranking.ts";
import type { FoundPassage, SearchResult, SnippetPart } from "./search.ts";
import { cutSnippet, type Match } from "./snippets.ts";
import type { WeighedTerm } from "./term-worths.ts";

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
    .select({ page: pages, indexed: indexedPages })
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
  const byPage = new Map(pageRows.map((row) => [row.page.id, row]));
  const byId = new Map(passageRows.map((row) => [row.id, row]));
  return found.flatMap(({ pageId, websiteId, score, passages: ranked }) => {
    const row = byPage.get(pageId);
    if (!row) return [];
    const { page, indexed } = row;
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
      title: version ? version.title : (indexed?.title ?? page.title),
      summary: version ? version.description : (indexed?.summary ?? null),
      language: version ? version.language : page.language,
      pageType: page.pageType,
      version: version?.version ?? indexed?.version ?? page.version,
      fetchedAt: version?.fetchedAt ?? page.lastFetchedAt,
      changedAt: version?.fetchedAt ?? page.lastChangedAt,
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
  const worths = terms.map(({ rarity, isOptional }) => (isOptional ? 0 : rarity));
  const snippets = new Map<string, SnippetPart[]>();
  for (const row of rows) {
    const { text } = toPassageText(row.text);
    snippets.set(row.id, cutSnippet(text, await findMatches(db, text, row.dictionary, terms), { worths }));
  }
  return snippets;
}

async function findMatches(
  db: Db,
  text: string,
  dictionary: Dictionary,
  terms: readonly WeighedTerm[],
): Promise<Match[]> {
  if (terms.length === 0) return [];
  const words = readWords(text);
  const stems = await stemWords(
    db,
    dictionary,
    words.filter(hasStem).map((word) => word.text),
  );
  const known = new Map<string, number>();
  const beginnings: { text: string; term: number }[] = [];
  for (const [index, { term }] of terms.entries()) {
    for (const stem of term.stems.get(dictionary) ?? []) {
      if (!known.has(stem)) known.set(stem, index);
      if (term.isPrefix) beginnings.push({ text: stem, term: index });
    }
  }
  return words.flatMap(({ start, end, ...word }) => {
    const lexeme = lexemeOf({ start, end, ...word }, stems);
    const isSaid = lexeme !== null;
    const term = isSaid
      ? (known.get(lexeme) ?? beginnings.find((each) => lexeme.startsWith(each.text))?.term)
      : undefined;
    return term === undefined ? [] : [{ start, end, term }];
  });
}
