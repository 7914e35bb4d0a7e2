import type { Viewer } from "../access/viewer.ts";
import type { Db } from "../db/db.ts";
import { AppError } from "../errors.ts";
import { readBlockLines } from "./noise.ts";
import { eachRecentVersions } from "./recent-versions.ts";
import { rulesFor, type Tracking, type TrackingRule, withoutNoise } from "./tracking.ts";
import { findVolatileLines, type VolatileLine } from "./volatile-lines.ts";
import { findRule } from "./volatile-rules.ts";
import { addTrackingRule, getTracking } from "./website-tracking.ts";

/** Something on a website's pages that changes in nearly every visit, and the rule that would leave it out. */
export type Suggestion = {
  /** Of the rule: the same as long as that is. */
  id: string;
  rule: Partial<TrackingRule>;
  /** What the line said, the latest first. */
  examples: string[];
  /** In how many of the visits it was another one, on average over the pages. */
  share: number;
  pages: { count: number; urls: string[] };
  /** Times that it changed, and those when nothing on the page did but what is suggested. */
  changed: number;
  spared: number;
};

const BOUNDS = { maxPages: 40, maxVersions: 20, maxCharacters: 8_000_000 };
const MAX_SUGGESTIONS = 50;
const MAX_EXAMPLES = 3;
const MAX_URLS = 10;
const MAX_STEADY = 5_000;
const MAX_TEXTS = 200;

type Seen = { url: string; line: VolatileLine };
type Found = { rule: Partial<TrackingRule>; seen: Seen[] };

/**
 * Suggests rules, those first that would have spared the most, by the latest versions of the pages that changed most
 * often. What the website's rules leave out already is not looked at.
 * @throws AppError `not_found`
 */
export async function suggestRules(
  db: Db,
  viewer: Viewer,
  websiteId: string,
  signal?: AbortSignal,
): Promise<Suggestion[]> {
  const tracking = await getTracking(db, viewer, websiteId);
  const byKey = new Map<string, Seen[]>();
  const latest: { url: string; lines: string[] }[] = [];
  for await (const { page, versions } of eachRecentVersions(db, viewer, { websiteId }, BOUNDS, signal)) {
    const rules = rulesFor(tracking, page.url);
    const texts = versions.map(({ markdown }) => withoutNoise(markdown, rules));
    // Visits of the time that these versions are of, if they came evenly.
    const visits = Math.round((page.visits * (versions.length - 1)) / Math.max(1, page.version - 1));
    for (const line of findVolatileLines(texts, visits))
      byKey.set(line.key, [...(byKey.get(line.key) ?? []), { url: page.url, line }]);
    latest.push({ url: page.url, lines: readBlockLines(texts.at(-1) ?? "").map(({ text }) => text) });
  }
  return describeFound(findRules(byKey, latest), latest.length);
}

/**
 * Adds the suggested rule to the website's. Safe to repeat.
 * @throws AppError `not_found` also when nothing changes any more that would suggest it
 */
export async function adoptSuggestion(
  db: Db,
  viewer: Viewer,
  websiteId: string,
  suggestionId: string,
  signal?: AbortSignal,
): Promise<Tracking> {
  const tracking = await getTracking(db, viewer, websiteId);
  if (tracking.rules.some((rule) => nameRule(rule) === suggestionId)) return tracking;
  const suggestion = (await suggestRules(db, viewer, websiteId, signal)).find(({ id }) => id === suggestionId);
  if (suggestion) return addTrackingRule(db, viewer, websiteId, suggestion.rule);
  throw new AppError(
    "not_found",
    `Nothing suggests ${suggestionId} for website ${websiteId} now; ask for the list again`,
  );
}

/** One rule may do for several lines, as when all that changes are dates. */
function findRules(byKey: ReadonlyMap<string, Seen[]>, latest: readonly { url: string; lines: string[] }[]): Found[] {
  const found = new Map<string, Found>();
  for (const seen of byKey.values()) {
    const texts = [...new Set(seen.flatMap(({ line }) => line.texts))].slice(0, MAX_TEXTS);
    const said = new Set(texts);
    const on = new Set(seen.map(({ url }) => url));
    const steady = latest
      .filter(({ url }) => on.has(url))
      .flatMap(({ lines }) => lines.filter((line) => !said.has(line)))
      .slice(0, MAX_STEADY);
    const changed = seen.reduce((sum, { line }) => sum + line.changed, 0);
    const rule = findRule(texts, changed, steady);
    if (!rule) continue;
    const key = JSON.stringify(rule);
    found.set(key, { rule, seen: [...(found.get(key)?.seen ?? []), ...seen] });
  }
  return [...found.values()];
}

function describeFound(found: readonly Found[], pageCount: number): Suggestion[] {
  return found
    .map(({ rule, seen }): Suggestion => {
      const urls = [...new Set(seen.map(({ url }) => url))];
      const path = pathOf(urls, pageCount);
      const whole = path === undefined ? rule : { path, ...rule };
      const sum = (of: (line: VolatileLine) => number) => seen.reduce((total, { line }) => total + of(line), 0);
      return {
        id: nameRule(whole),
        rule: whole,
        examples: [...new Set(seen.flatMap(({ line }) => line.texts))].slice(0, MAX_EXAMPLES),
        share: sum(({ share }) => share) / seen.length,
        pages: { count: urls.length, urls: urls.slice(0, MAX_URLS) },
        changed: sum(({ changed }) => changed),
        spared: sum(({ alone }) => alone),
      };
    })
    .sort((a, b) => b.spared - a.spared || b.changed - a.changed || (a.id < b.id ? -1 : 1))
    .slice(0, MAX_SUGGESTIONS);
}

/** The page alone, the folder that all are in, or `undefined` for the whole website when it is on most of the pages. */
function pathOf(urls: readonly string[], pageCount: number): string | undefined {
  const paths = urls.map((url) => url.slice(url.indexOf("/", url.indexOf("://") + 3)));
  const [first = "/"] = paths;
  const asGlob = (path: string) => path.replace(/[*?[\]{}\\,]/g, "\\$&");
  if (paths.length === 1) return asGlob(first);
  if (2 * paths.length >= pageCount) return undefined;
  const folders = first.split("?", 1)[0]?.split("/").slice(1, -1) ?? [];
  while (folders.length > 0 && !paths.every((path) => path.startsWith(`/${folders.join("/")}/`))) folders.pop();
  return folders.length === 0 ? undefined : `${asGlob(`/${folders.join("/")}`)}/**`;
}

/** By what it says, however it is written down. */
function nameRule(rule: Partial<TrackingRule>): string {
  const { path = "", ignore_text = [], ignore_numbers = false, ignore_dates = false } = rule;
  const text = JSON.stringify([path, ignore_text, ignore_numbers, ignore_dates]);
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 16);
}
