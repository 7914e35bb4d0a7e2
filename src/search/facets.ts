import { inArray, type SQL, sql } from "drizzle-orm";
import { type Db, rowsOf, toUuids } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { websites } from "../db/schema/websites.ts";
import { type Lookup, matchingPages, prepareSearching } from "./candidates.ts";
import type { Facet } from "./search.ts";

/** Passages whose pages are counted, at the most. */
const MAX_COUNTED = 10_000;
/** Values of a facet that are shown. */
const MAX_VALUES = 20;

type Facets = { websites: Facet[]; paths: Facet[]; languages: Facet[] };

/** Facets, and how many pages they are of. */
type CountedFacets = { facets: Facets; pages: number };

/** How pages are spread over websites, the first parts of their paths, and languages: those with most first. */
export async function readFacets(db: Db, found: readonly string[] | Omit<Lookup, "limit">): Promise<CountedFacets> {
  if (!("scope" in found)) return countFacets(db, sql`select unnest(${toUuids(found)})`);
  return db.transaction(async (tx) => {
    await prepareSearching(tx);
    return countFacets(tx, matchingPages({ ...found, limit: MAX_COUNTED }));
  });
}

async function countFacets(db: Db, ids: SQL): Promise<CountedFacets> {
  const rows = await db.execute(sql`
    select grouping(website_id, path, language) as kind, website_id as "websiteId", path, language, count(*)::int as pages
    from (
      select ${pages.websiteId} as website_id, coalesce(substring(${pages.path} from '^/[^/?]*/'), '/') as path,
        coalesce(lower(split_part(${pages.language}, '-', 1)), '') as language
      from ${pages} where ${pages.id} in (${ids})
    ) p
    group by grouping sets ((website_id), (path), (language), ())
    order by count(*) desc, path, language, website_id`);
  const counts = rowsOf<{ kind: number; websiteId: string; path: string; language: string; pages: number }>(rows);
  const ofKind = (kind: number) => counts.filter((row) => row.kind === kind).slice(0, MAX_VALUES);
  const byWebsite = ofKind(WEBSITE);
  const names = await readNames(
    db,
    byWebsite.map(({ websiteId }) => websiteId),
  );
  const facets = {
    websites: byWebsite.map(({ websiteId, pages }) => ({ value: websiteId, label: names.get(websiteId) ?? "", pages })),
    paths: ofKind(PATH).map(({ path, pages }) => ({ value: path, label: path, pages })),
    languages: ofKind(LANGUAGE).map(({ language, pages }) => ({
      ...{ value: language, label: nameLanguage(language), pages },
    })),
  };
  return { facets, pages: ofKind(ALL)[0]?.pages ?? 0 };
}

/** `grouping` sets a bit for each column that a row is not about. */
const [WEBSITE, PATH, LANGUAGE, ALL] = [0b011, 0b101, 0b110, 0b111];

async function readNames(db: Db, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const { id, name } = websites;
  const rows = await db.select({ id, name }).from(websites).where(inArray(id, ids));
  return new Map(rows.map((row) => [row.id, row.name]));
}

const languageNames = new Intl.DisplayNames("en", { type: "language" });

/** Pages say what they like of their language. */
function nameLanguage(code: string): string {
  if (code === "") return "Not known";
  return /^[a-z]{2,3}$/.test(code) ? (languageNames.of(code) ?? code) : code;
}
