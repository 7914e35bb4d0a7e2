import { LOCAL_VIEWER } from "../access/viewer.ts";
import type { App } from "../app.ts";
import { canonicalizeUrl } from "../crawl/url.ts";
import { LOCAL_USER_ID } from "../db/schema/users.ts";
import { AppError } from "../errors.ts";
import {
  findOrAddWebsite,
  findWebsiteByUrl,
  findWebsitesByPlace,
  getWebsite,
  type Website,
} from "../websites/websites.ts";

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

/** A website by its id, its URL or its host. @throws AppError `not_found`, `invalid` */
export async function findWebsite({ db }: Pick<App, "db">, text: string): Promise<Website> {
  if (isId(text)) return getWebsite(db, LOCAL_VIEWER, text.toLowerCase());
  const isHost = /^[\p{L}\p{N}.-]+(?::\d+)?$/u.test(text);
  const url = canonicalizeUrl(isHost ? `https://${text}/` : text, undefined, { mode: "keep" });
  if (!url) throw new AppError("invalid", `${text} is neither a website's id nor its host nor an http or https URL`);
  const place = { host: new URL(url).host, ...(isHost ? {} : { url }) };
  const [first, ...others] = await findWebsitesByPlace(db, LOCAL_VIEWER, place);
  if (!first) throw new AppError("not_found", `There is no website ${text}; crawl it first`);
  if (others.length === 0) return first;
  const all = [first, ...others].map(({ id, url }) => `${id} (${url})`).join(", ");
  throw new AppError("invalid", `${text} stands for several websites: name one of ${all}`);
}

export const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

function readWebsite(text: string): { id: string; url?: never } | { id?: never; url: string } {
  if (isId(text)) return { id: text.toLowerCase() };
  const url = canonicalizeUrl(text, undefined, { mode: "keep" });
  if (url) return { url };
  throw new AppError("invalid", `${text} is neither a website's id nor an http or https URL`);
}
