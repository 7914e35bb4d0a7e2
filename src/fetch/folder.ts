import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { AppError } from "../errors.ts";
import { tooLarge } from "./body.ts";
import { type Fetch, FetchError, type FetchRequest, type FetchResponse, type Redirect } from "./fetch.ts";
import { assertMayFollow } from "./redirects.ts";

const MAX_REDIRECTS = 10;
const MAX_BYTES = 32 * 1024 * 1024;
const INDEX_NAMES = ["index.html", "index.htm"];
const NO_BODY = new Uint8Array(0);

type Found =
  | { kind: "file"; path: string; status: 200 | 404 }
  | { kind: "moved"; pathname: string }
  | { kind: "nothing" };
type Outcome = Pick<FetchResponse, "status" | "headers" | "body" | "isBodyRead"> & { target?: string };

/**
 * A folder with a built static site, answering as the website at `baseUrl` the way static hosts do, without a network.
 * Nothing outside the folder is ever read, through symbolic links neither.
 * @throws AppError `not_found` when there is no such folder, `invalid` for a base that is no HTTP URL
 */
export async function createFolderFetch(root: string, baseUrl: string): Promise<Fetch> {
  const base = parseBaseUrl(baseUrl);
  const folder = await openFolder(root);

  const answer = async (url: URL, request: FetchRequest): Promise<Outcome> => {
    if (url.origin !== base.origin) {
      throw new FetchError("connect", `${url.host} is not ${base.host}: a folder is crawled without a network`);
    }
    const found = await findFile(folder, base, url);
    if (found.kind === "moved") {
      const target = `${url.origin}${found.pathname}${url.search}`;
      return { status: 301, headers: new Headers({ location: target }), body: NO_BODY, isBodyRead: true, target };
    }
    return found.kind === "file" ? readFile(found, url, request) : respond(404, new Headers(), NO_BODY, request);
  };

  return async (request) => {
    const startedAt = performance.now();
    const maxRedirects = request.maxRedirects ?? MAX_REDIRECTS;
    const redirects: Redirect[] = [];
    let url = parseUrl(request.url);

    for (;;) {
      if (request.signal?.aborted) {
        throw new FetchError("cancelled", `Reading ${url.href} was cancelled`, { cause: request.signal.reason });
      }
      const hopStartedAt = performance.now();
      const { target, ...outcome } = await answer(url, request);
      if (target === undefined || maxRedirects === 0) {
        const now = performance.now();
        const times = { latencyMs: now - hopStartedAt, durationMs: now - startedAt };
        return { url: url.href, ...outcome, wireBytes: outcome.body.byteLength, redirects, location: target, ...times };
      }
      redirects.push({ url: url.href, status: outcome.status, location: target });
      assertMayFollow(redirects, maxRedirects);
      url = new URL(target);
    }
  };
}

/** The base with a path that ends in a slash: the folder's root. */
export function parseBaseUrl(text: string): URL {
  const base = URL.parse(text);
  if (!base || (base.protocol !== "http:" && base.protocol !== "https:")) {
    throw new AppError("invalid", `"${text}" is no base URL: write the site's address, as in https://docs.example.org`);
  }
  base.search = "";
  base.hash = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}

/** The folder's path with its symbolic links resolved. */
export async function openFolder(root: string): Promise<string> {
  const path = await realpath(root).catch(() => undefined);
  const stats = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path === undefined || !stats?.isDirectory()) throw new AppError("not_found", `There is no folder ${root}`);
  return path;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw new FetchError("bad_url", `"${text.slice(0, 200)}" is no absolute URL`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new FetchError("blocked_scheme", `${url.protocol} is not fetched: only http: and https: URLs are`);
  }
  url.hash = "";
  return url;
}

async function findFile(folder: string, base: URL, url: URL): Promise<Found> {
  const names = readNames(base, url);
  const last = names?.pop();
  if (names && last !== undefined) {
    const parent = join(folder, ...names);
    // `/a/` is a folder's page; `/a` is a file, a page without its ending, or a folder that lacks its slash.
    const candidates = last === "" ? INDEX_NAMES : [last, `${last}.html`];
    for (const name of candidates) {
      const path = await findWithin(folder, join(parent, name));
      if (path === undefined) continue;
      // One page, one URL: the folder's.
      if (last === name && name === (await findIndex(folder, parent))) {
        return { kind: "moved", pathname: url.pathname.slice(0, url.pathname.lastIndexOf("/") + 1) };
      }
      return { kind: "file", path, status: 200 };
    }
    if (last !== "" && (await findIndex(folder, join(parent, last))))
      return { kind: "moved", pathname: `${url.pathname}/` };
  }
  const errorPage = await findWithin(folder, join(folder, "404.html"));
  return errorPage === undefined ? { kind: "nothing" } : { kind: "file", path: errorPage, status: 404 };
}

/** The name of the file that is the page of the folder at this path. */
async function findIndex(folder: string, path: string): Promise<string | undefined> {
  for (const name of INDEX_NAMES) if ((await findWithin(folder, join(path, name))) !== undefined) return name;
  return undefined;
}

/** The path's decoded segments below the base, the last one empty for a folder; `undefined` if no file can be meant. */
function readNames(base: URL, url: URL): string[] | undefined {
  // The base without its slash is a folder that lacks its slash: the root itself.
  if (`${url.pathname}/` === base.pathname) return ["."];
  if (!url.pathname.startsWith(base.pathname)) return undefined;
  try {
    const names = url.pathname.slice(base.pathname.length).split("/").map(decodeURIComponent);
    const isPlain = (name: string, index: number) =>
      name !== "." && name !== ".." && !/[/\\\0]/.test(name) && (name !== "" || index === names.length - 1);
    return names.every(isPlain) ? names : undefined;
  } catch {
    return undefined; // a stray % sign
  }
}

/** The regular file at this path, links resolved, if it lies in the folder. */
async function findWithin(folder: string, path: string): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    const isInside = real.startsWith(folder.endsWith(sep) ? folder : folder + sep);
    return isInside && (await stat(real)).isFile() ? real : undefined;
  } catch {
    return undefined; // missing, unreadable, or a name longer than the file system takes
  }
}

async function readFile(found: { path: string; status: number }, url: URL, request: FetchRequest): Promise<Outcome> {
  const { path, status } = found;
  const file = Bun.file(path);
  const { size, mtimeMs } = await stat(path);
  const headers = new Headers({
    // Without a charset: the file's own declaration decides, which a header would overrule.
    "content-type": file.type.replace(/;.*$/s, ""),
    "content-length": String(size),
  });
  if (status === 200) {
    headers.set("etag", `"${Math.round(mtimeMs).toString(36)}-${size.toString(36)}"`);
    headers.set("last-modified", new Date(mtimeMs).toUTCString());
    if (isUnchanged(headers, request)) return respond(304, headers, NO_BODY, request);
  }

  const maxBytes = request.maxBytes ?? MAX_BYTES;
  if (request.wantsBody?.({ status, headers }) === false) return { status, headers, body: NO_BODY, isBodyRead: false };
  if (size > maxBytes) throw tooLarge(url, `${size} bytes`, maxBytes);
  return { status, headers, body: await file.bytes(), isBodyRead: true };
}

function respond(status: number, headers: Headers, body: Uint8Array<ArrayBuffer>, request: FetchRequest): Outcome {
  return { status, headers, body, isBodyRead: request.wantsBody?.({ status, headers }) ?? true };
}

/** RFC 9110 §13.2.2: the date counts only when there is no entity tag to compare. */
function isUnchanged(headers: Headers, request: FetchRequest): boolean {
  const conditions = new Headers(request.headers);
  const tags = conditions.get("if-none-match");
  if (tags !== null) {
    const etag = headers.get("etag");
    return tags.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
  }
  const since = Date.parse(conditions.get("if-modified-since") ?? "");
  return Date.parse(headers.get("last-modified") ?? "") <= since;
}
