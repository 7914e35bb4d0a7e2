import type { Viewer } from "../access/viewer.ts";
import { canonicalizeUrl, hashUrl } from "../crawl/url.ts";
import type { Db } from "../db/db.ts";
import { AppError } from "../errors.ts";
import { getPage, listPages, type Page } from "../pages/pages.ts";
import { findWebsitesByName, findWebsitesByPlace, getWebsite, type Website } from "../websites/websites.ts";
import { shorten } from "./budget.ts";
import { badInput } from "./moments.ts";

/** So many are named where a reference fits several. */
const MAX_NAMED = 5;

export const isId = (text: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/**
 * A website by its id, a URL of it, its host, or its name.
 * @throws AppError `not_found`, or `conflict` where several fit
 */
export async function getWebsiteBy(db: Db, viewer: Viewer, reference: string): Promise<Website> {
  const found = await findWebsiteBy(db, viewer, reference);
  if (found) return found;
  const shown = JSON.stringify(shorten(reference, 200));
  throw new AppError("not_found", `There is no website ${shown}; list_websites names those that there are`);
}

/** `undefined` when none fits. @throws AppError `conflict` where several do */
export async function findWebsiteBy(db: Db, viewer: Viewer, reference: string): Promise<Website | undefined> {
  const text = reference.trim();
  // PostgreSQL takes no NUL in a text.
  if (text.includes("\0")) return undefined;
  if (isId(text)) return getWebsite(db, viewer, text.toLowerCase()).catch(nothingIfNotFound);
  const place = readPlace(text);
  const there = place ? await findWebsitesByPlace(db, viewer, place) : [];
  const found = there.length > 0 ? nearest(there, place?.url) : await findWebsitesByName(db, viewer, text);
  if (found.length < 2) return found[0];
  const named = found.slice(0, MAX_NAMED).map(({ id, url }) => `${id} (${url})`);
  throw new AppError("conflict", `Several websites fit ${JSON.stringify(shorten(text, 200))}: ${named.join(", ")}`);
}

/** Whether a reference may mean a website, whichever others it fits besides. */
export function mayMean({ id, url, name }: Website, reference: string): boolean {
  const text = reference.trim().toLowerCase();
  return text === id || text === name.toLowerCase() || readPlace(text)?.host === new URL(url).host;
}

/**
 * A page by its id or URL. Of a URL that several websites have, the one that is there and was fetched last.
 * @throws AppError `not_found`
 */
export async function getPageBy(db: Db, viewer: Viewer, reference: string): Promise<Page> {
  const text = reference.trim();
  if (isId(text)) return getPage(db, viewer, text.toLowerCase());
  const url = canonicalizeUrl(text, undefined, { mode: "keep" });
  const found = url ? await listPages(db, { viewer, urlHash: hashUrl(url), limit: 20 }) : [];
  const [page] = found.toSorted((a, b) => rank(b) - rank(a) || b.lastFetchedAt.getTime() - a.lastFetchedAt.getTime());
  if (page) return page;
  const shown = JSON.stringify(shorten(text, 300));
  if (!url) throw new AppError("invalid", `${shown} is neither a page's id nor an http or https URL`);
  throw new AppError(
    "not_found",
    `${shown} is not stored; search and list_pages name what is, and scrape fetches a page`,
  );
}

/** Of several on one host those that begin where the URL leads through, the deepest alone. */
function nearest(websites: readonly Website[], url: string | undefined): readonly Website[] {
  const above = url === undefined ? [] : websites.filter((website) => url.startsWith(website.url));
  const deepest = Math.max(...above.map((website) => website.url.length));
  return above.length === 0 ? websites : above.filter((website) => website.url.length === deepest);
}

const rank = ({ documentId, state }: Page) => Number(documentId !== null) * 2 + Number(state === "live");

/** A URL as it is, a host with any scheme. */
function readPlace(text: string): { url?: string; host: string } | undefined {
  const url = canonicalizeUrl(text, undefined, { mode: "keep" });
  if (url) return { url, host: new URL(url).host };
  if (!/^[^\s/?#@]{1,253}$/.test(text) || !/[.:]|^localhost$/i.test(text)) return undefined;
  const host = URL.parse(`http://${text}/`)?.host;
  return host ? { host } : undefined;
}

function nothingIfNotFound(error: unknown): undefined {
  if (error instanceof AppError && error.reason === "not_found") return undefined;
  throw error;
}

/** @throws AppError `invalid` naming the field */
export function readUrl(text: string, field: string): string {
  const url = canonicalizeUrl(text.trim(), undefined, { mode: "keep" });
  if (url) return url;
  throw badInput(field, "must be an absolute http or https URL without a password, such as https://docs.example.com/");
}

/** @throws AppError `invalid` for what is no id */
export function readCrawlId(text: string): string {
  if (isId(text.trim())) return text.trim().toLowerCase();
  throw badInput("crawl_id", "must be a crawl's id, as crawl and list_websites give it");
}
