import Negotiator from "negotiator";
import { HttpError } from "./problems.ts";

export const FORMATS = ["json", "markdown", "html", "text"] as const;
export type Format = (typeof FORMATS)[number];

export const MEDIA_TYPES: Record<Format, string> = {
  json: "application/json",
  markdown: "text/markdown",
  html: "text/html",
  text: "text/plain",
};

/** What a media type is asked for with, such as its charset: no reason not to give it. Its weight stays. */
const PARAMETER = /;\s*(?!q\s*=)[\w!#$%&'*+.^`|~-]+=(?:"[^"]*"|[^\s;,"]*)/gi;

/** The format that is asked for by name, or else the one that `Accept` likes best; JSON when it likes all the same. */
export function chooseFormat(request: Request, named: Format | undefined): Format {
  return chooseType(request, MEDIA_TYPES, named, "a document");
}

/**
 * Of several forms of an answer the one that is asked for by name, or else the one that `Accept` likes best (RFC 9110
 * §12.5.1); the first when it likes all the same.
 * @param types the media type of each
 * @param what is given in them, for people
 * @throws HttpError 406
 */
export function chooseType<Name extends string>(
  request: Request,
  types: Record<Name, string>,
  named: Name | undefined,
  what: string,
): Name {
  if (named) return named;
  const accept = request.headers.get("accept")?.trim() || "*/*";
  const names = Object.keys(types) as Name[];
  const chosen = new Negotiator({ headers: { accept: accept.replace(PARAMETER, "") } }).mediaType(
    names.map((name) => types[name]),
  );
  const name = names.find((each) => types[each] === chosen);
  if (name) return name;
  const all = names.map((each) => types[each]).join(", ");
  throw new HttpError(406, "not_acceptable", `Accept is ${accept}; ${what} is given as ${all}`);
}

/**
 * 304 when the client has it already (RFC 9110 §13.1.2), which is asked by weak comparison: an answer that was compressed
 * on its way has a weak tag of the same name.
 */
export function respondUnlessKnown(
  request: Request,
  etag: string,
  headers: Record<string, string>,
  body: string | Uint8Array<ArrayBuffer>,
) {
  const all = { ...headers, etag, "cache-control": "private, no-cache" };
  return isKnown(request, etag)
    ? new Response(null, { status: 304, headers: all })
    : new Response(body, { headers: all });
}

/** A finished answer of a route that has a schema: Elysia sends it as it is, though its types don't say so. */
export const asFinished = (response: Response) => response as never;

type Answered = {
  request: Request;
  responseValue: unknown;
  set: { status?: unknown; headers: Record<string, string | number> };
};

/**
 * `mapResponse` of a route whose answer may be asked for again: tags the JSON by what is in it. Says at once all that is to
 * be said in headers: of what is left to Elysia it would make another answer, and a stream of the body.
 */
export function answerTagged({ request, responseValue, set }: Answered) {
  if (responseValue instanceof Response || Number(set.status ?? 200) !== 200) return;
  const json = JSON.stringify(responseValue);
  const etag = `"${Bun.hash(json).toString(36)}"`;
  const headers = { ...set.headers, "content-type": "application/json;charset=utf-8" } as Record<string, string>;
  set.headers = {};
  return respondUnlessKnown(request, etag, headers, json);
}

/** By its date, which is asked only where there is no tag to go by (RFC 9110 §13.1.3). */
export function isUnmodified({ headers }: Request, lastModified: string | undefined): boolean {
  const since = headers.get("if-modified-since");
  if (since === null || lastModified === undefined || headers.has("if-none-match")) return false;
  return Date.parse(lastModified) <= Date.parse(since);
}

export function isKnown({ headers }: Request, etag: string): boolean {
  const known = headers.get("if-none-match");
  if (known === null) return false;
  return known.trim() === "*" || [...known.matchAll(/"[^"]*"/g)].some(([tag]) => tag === etag);
}
