import { type SQL, sql } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import { type Db, rowsOf, toUuids } from "../db/db.ts";
import { pageLinks, pages } from "../db/schema/pages.ts";
import { passages } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { toPassageText } from "../passages/passage-text.ts";
import { readWords } from "../passages/words.ts";
import { prepareSearching } from "./candidates.ts";
import { compileWords } from "./compile.ts";
import { NO_FILTERS } from "./query.ts";
import { readScope, type Scope } from "./scope.ts";
import type { SnippetPart } from "./search.ts";
import { cutSnippet } from "./snippets.ts";
import { allOf } from "./tsquery.ts";

/** A page that has a text, or a link to it. */
export type Mention = {
  pageId: string;
  websiteId: string;
  url: string;
  title: string | null;
  language: string | null;
  /** How often its text has it. */
  occurrences: number;
  /** Whether it links to the URL that was asked about. */
  isLinking: boolean;
  /** Where its text has it first; nothing where it only links. */
  first: { headingPath: string[]; anchor: string | null; excerpt: SnippetPart[] } | undefined;
};

export type MentionRequest = {
  text: string;
  /** The text as a URL, canonical, and its hash; when it is one. */
  target?: { url: string; hash: string };
  websiteIds?: readonly string[];
  limit: number;
  /** Only pages that come after the one with this id. */
  after?: string;
};

/** Passages that one statement reads, and one request reads in all. */
const BATCH = 300;
const MAX_READ = 1_500;
/** Each place of a text may be compared with all of it. */
const MAX_LENGTH = 300;
const MAX_URL_LENGTH = 2_048;

/**
 * All pages that have a text as it is written, in any case and whole words, by their ids; not what stands across two
 * passages. Each call reads so many passages and no more: there may be fewer than `limit`, and none at all, though there
 * is more to come after `next`.
 * @throws AppError `invalid` for a text that has no letter, `not_found` for a website
 */
export async function listMentions(
  db: Db,
  viewer: Viewer,
  request: MentionRequest,
  signal?: AbortSignal,
): Promise<{ mentions: Mention[]; next: string | undefined }> {
  const { target, websiteIds, limit, after } = request;
  const expression = toExpression(request.text, target ? MAX_URL_LENGTH : MAX_LENGTH);
  const words = readWords(request.text).filter(({ kind }) => kind !== "whole");
  if (words.length === 0) throw bad("has no letter or digit to look for");
  const scope = await readScope(db, viewer, websiteIds, NO_FILTERS);
  // One character of Chinese alone may be the second half of a pair.
  const whole = words.filter(({ kind, text }) => kind === "word" || [...text].length > 1);
  const texts = [...new Set(whole.map(({ text }) => text))].slice(0, MAX_WORDS);
  const terms = await compileWords(db, texts, scope);
  const tsquery = allOf([scope.markers, ...terms.map(({ required }) => required)]);
  const found = await db.transaction(async (tx) => {
    await prepareSearching(tx);
    return {
      inText: await searchTexts(tx, { scope, tsquery, expression, limit, after }, signal),
      linking: target ? await listLinking(tx, scope, target, { limit, after }) : { pages: [], end: undefined },
    };
  });
  const { inText, linking } = found;
  // What one of the two has not come to yet is for the next call.
  const end = [inText.end, linking.end].filter((each) => each !== undefined).sort()[0];
  const byPage = new Map<string, Mention>(linking.pages.map((page) => [page.pageId, page]));
  for (const page of inText.pages) byPage.set(page.pageId, { ...page, isLinking: byPage.has(page.pageId) });
  const meant = [...byPage.values()]
    .filter(({ pageId }) => end === undefined || pageId <= end)
    .sort((a, b) => (a.pageId < b.pageId ? -1 : 1));
  const mentions = meant.slice(0, limit);
  const isCut = meant.length > mentions.length;
  return { mentions, next: isCut ? mentions.at(-1)?.pageId : end };
}

/** A text of more words is looked up by these. */
const MAX_WORDS = 32;

/** The text in whatever case and with whatever white space, not within a longer word. */
function toExpression(text: string, maxLength: number): RegExp {
  const phrase = text.normalize("NFC").trim();
  if (phrase === "") throw bad("is empty");
  if (phrase.length > maxLength) throw bad(`has ${phrase.length} characters; ${maxLength} are allowed`);
  const source = phrase.toWellFormed().split(/\s+/).map(RegExp.escape).join("\\s+");
  // Scripts without spaces have no edges between words.
  const [isStart, isEnd] = [/^[\p{L}\p{N}_]/u, /[\p{L}\p{N}_]$/u].map(
    (edge) => edge.test(phrase) && !SPACELESS.test(phrase),
  );
  return new RegExp(`${isStart ? "(?<![\\p{L}\\p{N}_])" : ""}${source}${isEnd ? "(?![\\p{L}\\p{N}_])" : ""}`, "giu");
}

const SPACELESS =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Script=Thai}|\p{Script=Lao}|\p{Script=Khmer}|\p{Script=Myanmar}/u;

const bad = (message: string) => new AppError("invalid", `q ${message}`, { faults: [{ at: "q", message }] });

type TextSearch = {
  scope: Scope /** None where no word of the text narrows anything. */;
  tsquery: string | undefined;
  expression: RegExp;
  limit: number;
  after: string | undefined;
};

/** How far was read. */
type Place = { pageId: string; place: number };

/** After all passages of a page. */
const LAST = 2_147_483_647;

type TextRow = PageRow & { place: number; text: Uint8Array; heading_path: string[]; anchor: string | null };

type PageRow = { page_id: string; website_id: string; url: string; title: string | null; language: string | null };

/** @returns `end`: the last page that was looked at in full, where there may be more */
async function searchTexts(
  tx: Db,
  { scope, tsquery, expression, limit, after }: TextSearch,
  signal: AbortSignal | undefined,
): Promise<{ pages: Mention[]; end: string | undefined }> {
  const found = new Map<string, Mention>();
  let place: Place | undefined = after === undefined ? undefined : { pageId: after, place: LAST };
  let done = after;
  for (let read = 0; read < MAX_READ && found.size <= limit; read += BATCH) {
    signal?.throwIfAborted();
    const rows: TextRow[] = await readPassages(tx, scope, tsquery, place);
    for (const row of rows) {
      if (place && row.page_id !== place.pageId) done = place.pageId;
      place = { pageId: row.page_id, place: row.place };
      note(found, row, expression);
    }
    if (rows.length < BATCH) return { pages: [...found.values()], end: undefined };
  }
  // A page of more passages than are read in all is told as far as it was read.
  if (done === after) return { pages: [...found.values()], end: place?.pageId };
  return { pages: [...found.values()].filter(({ pageId }) => pageId !== place?.pageId), end: done };
}

async function readPassages(
  tx: Db,
  scope: Scope,
  tsquery: string | undefined,
  after: Place | undefined,
): Promise<TextRow[]> {
  const conditions = [
    sql`m.to_at is null`,
    ...(tsquery === undefined ? [] : [sql`m.terms @@ ${tsquery}::tsquery`]),
    ...(after === undefined ? [] : [sql`(m.page_id, m.place) > (${after.pageId}::uuid, ${after.place}::integer)`]),
  ];
  const isMeant = sql.join([sql`${pages.id} = m.page_id`, ...scope.conditions], sql` and `);
  // `offset 0` keeps it a look-up for each passage: of common words the planner would rather sort all that there are.
  const result = await tx.execute(sql`
    select m.page_id, m.place, m.text, m.heading_path, m.anchor, g.*
    from ${passages} m cross join lateral (select ${pageColumns} from ${pages} where ${isMeant} offset 0) g
    where ${sql.join(conditions, sql` and `)} order by m.page_id, m.place limit ${BATCH}`);
  return rowsOf<TextRow>(result);
}

const pageColumns = sql`${pages.websiteId} as website_id, ${pages.url} as url, ${pages.title} as title,
  ${pages.language} as language`;

function note(found: Map<string, Mention>, row: TextRow, expression: RegExp): void {
  const { text } = toPassageText(passages.text.mapFromDriverValue(row.text) as string);
  const composed = text.normalize("NFC");
  const matches = [...composed.matchAll(expression)].map(({ index, 0: match }) => ({
    ...{ start: index, end: index + match.length, term: 0 },
  }));
  if (matches.length === 0) return;
  const known = found.get(row.page_id);
  if (known) {
    known.occurrences += matches.length;
    return;
  }
  const excerpt = cutSnippet(composed, matches, { worths: [1] });
  const first = { headingPath: row.heading_path, anchor: row.anchor, excerpt };
  found.set(row.page_id, { ...toMention(row), occurrences: matches.length, first });
}

const toMention = ({ page_id, website_id, url, title, language }: PageRow): Mention => ({
  ...{ pageId: page_id, websiteId: website_id, url, title, language },
  ...{ occurrences: 0, isLinking: false, first: undefined },
});

/** Pages that link to a URL, as far as it is of their own website: links to others are not kept. */
async function listLinking(
  tx: Db,
  { websiteIds, conditions }: Scope,
  { url, hash }: { url: string; hash: string },
  { limit, after }: { limit: number; after: string | undefined },
): Promise<{ pages: Mention[]; end: string | undefined }> {
  const target = hash.replaceAll("-", "").slice(0, TARGET_HEX);
  const asked: SQL[] = [
    // Hashes are whole numbers of bytes, so a place that is none of theirs is told apart by where it stands.
    sql`position(decode(${target}, 'hex') in l.targets) % ${TARGET_HEX / 2} = 1`,
    sql`(exists (select 1 from ${pages} target where target.website_id = ${pages.websiteId} and target.url_hash = ${hash}::uuid)
      or exists (select 1 from ${websites} w where w.id = ${pages.websiteId} and starts_with(w.url, ${`${new URL(url).origin}/`})))`,
    ...(websiteIds === undefined ? [] : [sql`${pages.websiteId} = any(${toUuids(websiteIds)})`]),
    ...(after === undefined ? [] : [sql`l.page_id > ${after}::uuid`]),
    ...conditions,
  ];
  const result = await tx.execute(sql`
    select l.page_id, ${pageColumns} from ${pageLinks} l join ${pages} on ${pages.id} = l.page_id
    where ${sql.join(asked, sql` and `)} order by l.page_id limit ${limit + 1}`);
  const rows = rowsOf<PageRow>(result).map((row) => ({ ...toMention(row), isLinking: true }));
  return { pages: rows, end: rows.length > limit ? rows.at(-1)?.pageId : undefined };
}

const TARGET_HEX = 16;
