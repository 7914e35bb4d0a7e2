import { FetchError, type Redirect } from "./fetch.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Where a 3xx points, without its fragment (RFC 9110 §10.2.2); `undefined` when the response is no redirect.
 * @throws FetchError `bad_redirect` for a `Location` that is no URL
 */
export function findRedirectTarget(response: Response, from: URL): URL | undefined {
  if (!REDIRECTS.has(response.status)) return undefined;
  const location = response.headers.get("location");
  if (location === null) return undefined;

  const target = URL.parse(decodeLocation(location), from.href);
  if (!target) {
    const shown = location.length > 200 ? `${location.slice(0, 200)}…` : location;
    throw new FetchError("bad_redirect", `${from.host} redirects ${from.pathname} to "${shown}", which is no URL`);
  }
  target.hash = "";
  return target;
}

/** @throws FetchError `redirect_loop` when a hop comes back, `too_many_redirects` past the limit */
export function assertMayFollow(redirects: readonly Redirect[], maxRedirects: number): void {
  const latest = redirects[redirects.length - 1];
  if (!latest) return;
  const chain = [...redirects.map(({ url }) => url), latest.location].join(" → ");
  if (redirects.some(({ url }) => url === latest.location)) {
    throw new FetchError("redirect_loop", `The redirects go round in a circle: ${chain}`);
  }
  if (redirects.length > maxRedirects) {
    throw new FetchError("too_many_redirects", `More than ${maxRedirects} redirects in a row: ${chain}`);
  }
}

/**
 * Header bytes reach us one a character. Servers put UTF-8 there though only ASCII is allowed; bytes that are no UTF-8
 * are kept as they are by percent-encoding, so that the server gets back what it sent.
 */
function decodeLocation(location: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is what "ASCII" means
  if (/^[\x00-\x7f]*$/.test(location) || /[^\x00-\xff]/.test(location)) return location;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(location, "latin1"));
  } catch {
    return location.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
  }
}
