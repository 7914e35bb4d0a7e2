import { sql } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import { type Db, rowsOf, toUuids } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { passages } from "../db/schema/passages.ts";
import { foldAccents } from "../passages/stems.ts";
import { readWords, type Word } from "../passages/words.ts";
import { compileWords } from "./compile.ts";
import { NO_FILTERS } from "./query.ts";
import { readScope } from "./scope.ts";
import { allOf, toNames } from "./tsquery.ts";

export type Suggestion = {
  /** A title or a heading. */
  text: string;
  kind: "title" | "heading";
  pageId: string;
  websiteId: string;
  /** With the anchor of the heading, where it has one. */
  url: string;
  /** The page's. */
  title: string | null;
};

type SuggestionRequest = { query: string; websiteIds?: readonly string[]; limit: number };

/** Words of a query that count; nobody types more to be shown where to go. */
const MAX_WORDS = 8;
const MAX_LENGTH = 200;
/** Passages whose titles and headings are compared, whatever begins so. */
const MAX_COMPARED = 300;

/** Titles and headings that have the words of a query, the last of which may be at its beginning yet; best first. */
export async function suggest(
  db: Db,
  viewer: Viewer,
  { query, websiteIds, limit }: SuggestionRequest,
): Promise<Suggestion[]> {
  const typed = listTyped(query);
  // A single letter begins half of all words.
  if (typed.length === 0 || [...typed.join("")].length < 2) return [];
  const scope = await readScope(db, viewer, websiteIds, NO_FILTERS);
  // Titles and headings have the words that say nothing by themselves, too.
  const words = await compileWords(db, typed, scope, true);
  const tsquery = allOf([scope.markers, ...words.map(({ strict }) => toNames(strict))]);
  const { websiteIds: ids, markers } = scope;
  // Too many to be named to the index.
  const isMeant = ids && markers === undefined ? sql`and website_id = any(${toUuids(ids)})` : sql``;
  const where = sql.join([sql`${pages.id} = m.page_id`, ...scope.conditions], sql` and `);
  // `offset 0` keeps it a look-up for each passage: the planner would rather go over all pages of all websites.
  const result = await db.execute(sql`
    select m.page_id, m.heading_path, m.anchor, g.*
    from (
      select page_id, heading_path, anchor from ${passages}
      where to_at is null and terms @@ ${tsquery}::tsquery ${isMeant} limit ${MAX_COMPARED}
    ) m cross join lateral (
      select ${pages.websiteId} as website_id, ${pages.url} as url, ${pages.title} as title, ${pages.depth} as depth
      from ${pages} where ${where} offset 0
    ) g`);
  return choose(rowsOf<Row>(result), typed, limit);
}

type Row = {
  page_id: string;
  website_id: string;
  url: string;
  title: string | null;
  depth: number;
  heading_path: string[];
  anchor: string | null;
};

/** The words of a query whatever else is in it, as whoever types has not come to its end. */
function listTyped(query: string): string[] {
  return listWords(query).slice(0, MAX_WORDS);
}

/** Without identifiers, whose parts are among them, but for those that are a letter with signs (`C++`). */
function listWords(text: string): string[] {
  const words = readWords(text.slice(0, MAX_LENGTH));
  const isLetter = (whole: Word) =>
    words.every(
      ({ kind, start, end }) => kind === "whole" || start < whole.start || end > whole.end || end - start < 2,
    );
  return words.filter((word) => word.kind !== "whole" || isLetter(word)).map((word) => word.text);
}

type Scored = Suggestion & { score: number; depth: number };

function choose(rows: readonly Row[], typed: readonly string[], limit: number): Suggestion[] {
  const wanted = typed.map(foldAccents);
  const scores = new Map<string, number | undefined>();
  const byText = new Map<string, Scored>();
  for (const row of rows) {
    for (const found of listTexts(row)) {
      const key = found.text.toLowerCase();
      if (!scores.has(key)) scores.set(key, scoreText(key, wanted));
      const score = scores.get(key);
      if (score === undefined) continue;
      const suggestion = { ...found, score: score + (found.kind === "title" ? 0.5 : 0), depth: row.depth };
      const known = byText.get(key);
      if (!known || compare(suggestion, known) < 0) byText.set(key, suggestion);
    }
  }
  return [...byText.values()]
    .sort(compare)
    .slice(0, limit)
    .map(({ score: _, depth: __, ...suggestion }) => suggestion);
}

function* listTexts({ page_id, website_id, url, title, heading_path, anchor }: Row): Iterable<Suggestion> {
  const page = { pageId: page_id, websiteId: website_id, title };
  if (title) yield { ...page, kind: "title", text: title, url };
  for (const [index, text] of heading_path.entries()) {
    const isLast = index === heading_path.length - 1;
    // The anchor is of the nearest heading; one above has another.
    if (text !== title)
      yield { ...page, kind: "heading", text, url: isLast && anchor ? `${url}#${encodeURI(anchor)}` : url };
  }
}

/** Higher is better; nothing where a word is not in it. */
function scoreText(text: string, wanted: readonly string[]): number | undefined {
  const words = listWords(text).map(foldAccents);
  const last = wanted.length - 1;
  const places = wanted.map((word, index) =>
    words.findIndex((each) => (index === last ? each.startsWith(word) : isSameWord(each, word))),
  );
  if (places.includes(-1)) return undefined;
  const isInOrder = places.every((place, index) => index === 0 || place === (places[index - 1] ?? 0) + 1);
  return (places[0] === 0 ? 2 : 0) + (isInOrder ? 1 : 0) + wanted.length / words.length;
}

/** Forms of a word differ at their ends. */
function isSameWord(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (short.length < 4) return a === b;
  return long.length - short.length < 4 && long.startsWith(short.slice(0, -1));
}

function compare(a: Scored, b: Scored): number {
  return b.score - a.score || a.depth - b.depth || a.text.length - b.text.length || (a.text < b.text ? -1 : 1);
}
