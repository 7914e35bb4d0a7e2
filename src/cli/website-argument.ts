import type { App } from "../app.ts";
import { canonicalizeUrl } from "../crawl/url.ts";
import { LOCAL_USER_ID } from "../db/schema/users.ts";
import { AppError } from "../errors.ts";
import { findOrAddWebsite, findWebsiteByUrl } from "../websites/websites.ts";

/** A website by its id, or by its URL, which is registered for the local user when it is not yet. */
export async function addWebsiteId({ db }: Pick<App, "db">, website: string): Promise<string> {
  const { id, url } = readWebsite(website);
  return id ?? (await findOrAddWebsite(db, LOCAL_USER_ID, url)).id;
}

/** A website that is there, by its id or URL. @throws AppError `not_found` */
export async function getWebsiteId({ db }: Pick<App, "db">, website: string): Promise<string> {
  const { id, url } = readWebsite(website);
  const found = id ?? (await findWebsiteByUrl(db, LOCAL_USER_ID, url))?.id;
  if (found === undefined) throw new AppError("not_found", `There is no website ${website}`);
  return found;
}

export const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

function readWebsite(text: string): { id: string; url?: never } | { id?: never; url: string } {
  if (isId(text)) return { id: text.toLowerCase() };
  const url = canonicalizeUrl(text, undefined, { mode: "keep" });
  if (url) return { url };
  throw new AppError("invalid", `${text} is neither a website's id nor an http or https URL`);
}
