import { and, count, eq, exists, gte, inArray, isNull, like, lt, notInArray, or, type SQL, sql } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import { beginningWith, type Db } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { indexedPages, indexedWebsites } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { languageMarker, websiteMarker } from "../passages/markers.ts";
import { type Dictionary, dictionaryOf } from "../passages/stems.ts";
import { type PathRules, readPathRules, startsWith, toKept } from "./path-rules.ts";
import type { QueryFilters } from "./query.ts";
import { allOf, anyOf, noneOf, quoteLexeme } from "./tsquery.ts";

/** Where a search looks: the websites, what the index narrows by, and what is asked of pages beside their words. */
export type Scope = {
  /** `undefined` when it is all that there are. */
  websiteIds: readonly string[] | undefined;
  dictionaries: readonly Dictionary[];
  /** Markers, as a tsquery; `undefined` where nothing has to be narrowed. */
  markers: string | undefined;
  /** Conditions for `pages`, which is joined. */
  conditions: SQL[];
  /** What only the program can tell of a page's URL; `undefined` where there is nothing of the kind. */
  isMeant: ((url: string) => boolean) | undefined;
  /** Conditions that leave few pages, perhaps: worth a look whether they do before the index is asked. */
  isNarrow: boolean;
  /** What `site:` says that is no website's id, name or host. */
  unknownSites: readonly string[];
  searched: { websites: number; pages: number; passages: number; indexedAt: Date | null };
};

/** More of them are told apart by the rows: an index looks up each marker of a query for each passage. */
const MAX_MARKERS = 200;

/**
 * @param at of what is past, pages are searched that are gone by now
 * @throws AppError `not_found` for a website that the viewer has not
 */
export async function readScope(
  db: Db,
  viewer: Viewer,
  asked: readonly string[] | undefined,
  filters: QueryFilters,
  at?: Date,
): Promise<Scope> {
  const sites = filters.sites.map(readSite);
  const paths = readPathRules(filters);
  const found = await listSearched(db, viewer, asked);
  if (asked) {
    const ids = new Set(found.map(({ id }) => id));
    const unknown = asked.find((id) => !ids.has(id));
    if (unknown !== undefined) throw new AppError("not_found", `There is no website ${unknown}`);
  }
  const named = sites.length === 0 ? found : found.filter((website) => sites.some((site) => mayHave(website, site)));
  // A page may be on another host than its website's start; then it is the rows that tell.
  const searched = named.length === 0 && sites.every(({ isName }) => !isName) ? found : named;
  const isEverything = viewer.seesAll && asked === undefined && searched === found;
  const ids = searched.map(({ id }) => id);
  const isMarked = !isEverything && ids.length > 0 && ids.length <= MAX_MARKERS;
  const narrowing = [
    ...(isEverything || isMarked ? [] : [inArray(pages.websiteId, [...ids, NO_WEBSITE])]),
    ...pageConditions(db, filters, paths),
  ];
  return {
    websiteIds: isEverything ? undefined : ids,
    dictionaries: dictionariesOf(searched),
    markers: writeMarkers(isMarked ? ids : [], filters),
    conditions: [
      ...(at ? [] : [sql`${pages.state} not in ('removed', 'moved')`]),
      ...(isEverything ? [isKept(db)] : []),
      ...narrowing,
    ],
    isMeant: paths.isMeant,
    isNarrow: narrowing.length > 0,
    unknownSites: sites.filter((site) => !found.some((website) => mayHave(website, site))).map(({ text }) => text),
    searched: {
      websites: searched.length,
      pages: sum(searched, ({ pages }) => pages),
      passages: sum(searched, ({ passages }) => passages),
      indexedAt: earliest(searched),
    },
  };
}

type Searched = Awaited<ReturnType<typeof listSearched>>[number];

/** Nobody's: a list of no ids is no condition. */
const NO_WEBSITE = "00000000-0000-0000-0000-000000000000";

async function listSearched(db: Db, viewer: Viewer, asked: readonly string[] | undefined) {
  const rows = await db
    .select({
      id: websites.id,
      url: websites.url,
      name: websites.name,
      pages: indexedWebsites.pages,
      passages: indexedWebsites.passages,
      dictionaries: indexedWebsites.dictionaries,
      indexedAt: indexedWebsites.indexedAt,
    })
    .from(websites)
    .leftJoin(indexedWebsites, eq(indexedWebsites.websiteId, websites.id))
    .where(and(isOwnedBy(viewer), isNull(websites.deletedAt), asked && inArray(websites.id, [...asked, NO_WEBSITE])))
    .orderBy(websites.id);
  const begun = await countBegun(
    db,
    rows.filter(({ indexedAt }) => indexedAt === null).map(({ id }) => id),
  );
  return rows.map((row) => ({ ...row, ...begun.get(row.id) }));
}

type Counts = { pages: number; passages: number; dictionaries: Record<string, number> };

/** What there is of websites that are being indexed for the first time: their counts are kept at the end of it. */
async function countBegun(db: Db, websiteIds: readonly string[]): Promise<Map<string, Counts>> {
  const begun = new Map<string, Counts>();
  if (websiteIds.length === 0) return begun;
  const { websiteId, language } = indexedPages;
  const rows = await db
    .select({ id: websiteId, language, pages: count(), passages: sql<number>`sum(${indexedPages.passages})::integer` })
    .from(indexedPages)
    .where(inArray(websiteId, [...websiteIds]))
    .groupBy(websiteId, language);
  for (const { id, language: spoken, pages, passages } of rows) {
    const counts = begun.get(id) ?? { pages: 0, passages: 0, dictionaries: {} };
    counts.pages += pages;
    counts.passages += passages;
    if (passages > 0) counts.dictionaries[dictionaryOf(spoken)] = passages;
    begun.set(id, counts);
  }
  return begun;
}

function dictionariesOf(searched: readonly Searched[]): Dictionary[] {
  const all = new Set(searched.flatMap(({ dictionaries }) => Object.keys(dictionaries ?? {})));
  return all.size === 0 ? ["simple"] : [...all].sort();
}

const sum = (searched: readonly Searched[], count: (website: Searched) => number | null) =>
  searched.reduce((total, website) => total + (count(website) ?? 0), 0);

function earliest(searched: readonly Searched[]): Date | null {
  const times = searched.flatMap(({ indexedAt }) => (indexedAt ? [indexedAt.getTime()] : []));
  return times.length === 0 ? null : new Date(times.reduce((first, time) => Math.min(first, time)));
}

/** What `site:` says: a website's id or name, or a host and perhaps the beginning of a path. */
type Site = { text: string; isName: boolean; host: string; path: string };

function readSite(text: string): Site {
  const [host = "", ...path] = text.replace(/^https?:\/\//i, "").split("/");
  const isName = !/[.:*]/.test(host) && host.toLowerCase() !== "localhost";
  return {
    text: text.toLowerCase(),
    isName,
    host: host.toLowerCase(),
    path: path.length > 0 ? `/${path.join("/")}` : "",
  };
}

function mayHave({ id, name, url }: Searched, { text, host, isName }: Site): boolean {
  if (id === text || name.toLowerCase() === text) return true;
  return !isName && isHost(host, new URL(url).host);
}

function isHost(wanted: string, host: string): boolean {
  if (!wanted.startsWith("*.")) return host === wanted;
  return host.endsWith(wanted.slice(1));
}

function writeMarkers(ids: readonly string[], { languages, not }: QueryFilters): string | undefined {
  return allOf([
    anyOf(ids.map((id) => quoteLexeme(websiteMarker(id)))),
    anyOf(languages.map((language) => quoteLexeme(languageMarker(language)))),
    // A marker is of a language wherever it is spoken.
    ...not.languages.filter(isWhole).map((language) => noneOf(quoteLexeme(languageMarker(language)))),
  ]);
}

const isWhole = (language: string) => !language.includes("-");

/** Of no website that is deleted. */
function isKept(db: Db): SQL {
  return exists(
    db
      .select({ one: sql`1` })
      .from(websites)
      .where(and(eq(websites.id, pages.websiteId), isNull(websites.deletedAt))),
  );
}

function pageConditions(db: Db, filters: QueryFilters, paths: PathRules): SQL[] {
  const { since, until } = filters;
  const spoken = filters.languages.every(isWhole) ? [] : filters.languages.map(isSpoken);
  const excluded = [
    ...filters.not.sites.map((site) => isOfSite(db, readSite(site))),
    ...paths.excluded,
    ...filters.not.languages.filter((language) => !isWhole(language)).map(isSpoken),
  ];
  return [
    or(...filters.sites.map((site) => isOfSite(db, readSite(site)))),
    or(...paths.included),
    or(...spoken),
    filters.pageTypes.length > 0 ? inArray(sql`${pages.pageType}`, filters.pageTypes) : undefined,
    ...excluded.map((condition) => sql`not coalesce(${condition}, false)`),
    filters.not.pageTypes.length > 0
      ? or(isNull(pages.pageType), notInArray(sql`${pages.pageType}`, filters.not.pageTypes))
      : undefined,
    since && gte(pages.lastChangedAt, since),
    until && lt(pages.lastChangedAt, until),
  ].filter((condition) => condition !== undefined);
}

const isSpoken = (language: string) =>
  sql`(lower(${pages.language}) = ${language} or lower(${pages.language}) like ${beginningWith(`${language}-`)})`;

function isOfSite(db: Db, { text, isName, host, path }: Site): SQL {
  // Most websites are named like their host, and then it is the host that is meant.
  const isCalledSo = isName ? sql`true` : sql`${websites.url} not like ${`%//${beginningWith(`${host}/`)}`}`;
  const isNamed = inArray(
    pages.websiteId,
    db
      .select({ id: websites.id })
      .from(websites)
      .where(or(eq(sql`${websites.id}::text`, text), and(eq(sql`lower(${websites.name})`, text), isCalledSo))),
  );
  if (isName) return isNamed;
  const isOnHost = host.startsWith("*.")
    ? like(pages.host, `%${beginningWith(host.slice(1)).slice(0, -1)}`)
    : eq(pages.host, host);
  return path === "" ? sql`(${isOnHost} or ${isNamed})` : sql`(${isOnHost} and ${startsWith(toKept(path))})`;
}
