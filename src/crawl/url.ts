import { toUuid } from "../content/fingerprint.ts";
import { isNoise } from "../patterns/url-noise.ts";

/** What a URL's query means for its identity: all of it, nothing, or some parameters of it. */
export type QueryRule = { mode: "keep" } | { mode: "drop" } | { mode: "allow"; names: readonly string[] };

/** Longer URLs are not crawled; what search engines and caches take ends at about this length too. */
export const maxUrlLength = 2_048;

/** A raw link may be longer than what is left of it; beyond this it is not even parsed. */
const maxLinkLength = 4 * maxUrlLength;

/** Serialised by the WHATWG parser, with nothing in it that the rules below would touch. */
const plainUrl = /^https?:\/\/[a-z0-9.-]*[a-z0-9-](?::\d+)?\/[^%?#;(]*$/;

/**
 * The one spelling under which a URL is known: the same string for every link to the same resource. Beyond what the
 * WHATWG URL standard does (lower-case host, default port, dot segments, encoding), in this order:
 *
 * - the fragment goes, `#!` ones too: it is not sent, and sites that need it to be read need a browser anyway;
 * - one dot after the host goes;
 * - percent-encodings are upper-case, and those of unreserved characters are decoded (RFC 3986 §6.2.2);
 * - session ids in the path (`;jsessionid=…`, `/(S(…))/`) go;
 * - in the query, empty parts, trackers and session ids go, and the rest is sorted by name: parameters of one name keep
 *   their order, since it can mean something. A parameter that an allow list names stays whatever it is;
 * - an empty query loses its question mark.
 *
 * A trailing slash stays as it is written: with and without can be different resources. The scheme, a leading `www.`,
 * doubled slashes and the path's case are kept for the same reason.
 *
 * @returns `undefined` for what is not a crawlable address: unparsable, neither `http:` nor `https:`, longer than
 *   `maxUrlLength`, or with a user name or password, which must be neither stored nor sent and without which it would be
 *   another resource.
 */
export function canonicalizeUrl(url: string | URL, base: string | undefined, query: QueryRule): string | undefined {
  if (typeof url === "string" && url.length > maxLinkLength) return undefined;
  const parsed = typeof url === "string" ? URL.parse(url, base) : url;
  if (!parsed) return undefined;
  const href = parsed.href;
  if (plainUrl.test(href)) return href.length <= maxUrlLength ? href : undefined;
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return undefined;
  if (parsed.username !== "" || parsed.password !== "") return undefined;

  const host = withoutFinalDot(parsed.host);
  if (host === "") return undefined;
  const path = withoutSession(normalizeEscapes(parsed.pathname));
  const search = normalizeQuery(parsed.search, query);
  const canonical = `${parsed.protocol}//${host}${path}${search}`;
  return canonical.length <= maxUrlLength ? canonical : undefined;
}

/** The first half of the canonical URL's SHA-256, in the shape of a UUID: 16 bytes in an index instead of the URL. */
export function hashUrl(canonical: string): string {
  return toUuid(Bun.SHA256.hash(canonical, "hex"));
}

/** The host and any port that is not the scheme's default: what politeness and robots count as one server. */
export function hostOf(url: string): string {
  return new URL(url).host;
}

function withoutFinalDot(host: string): string {
  const end = host.lastIndexOf(":");
  const name = end > host.lastIndexOf("]") ? host.slice(0, end) : host;
  return name.endsWith(".") ? name.slice(0, -1) + host.slice(name.length) : host;
}

function normalizeEscapes(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%[0-9a-f]{2}/gi, (encoded, at: number) => {
    // After a stray percent sign, a decoded character could become part of another escape ("%2%35" would be "%25").
    const isAfterStray = text[at - 1] === "%" || (text[at - 2] === "%" && /[0-9a-f]/i.test(text[at - 1] ?? ""));
    const byte = Number.parseInt(encoded.slice(1), 16);
    return isUnreserved(byte) && !isAfterStray ? String.fromCharCode(byte) : encoded.toUpperCase();
  });
}

/** Letters, digits, `-`, `.`, `_` and `~` (RFC 3986 §2.3). */
function isUnreserved(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    [0x2d, 0x2e, 0x5f, 0x7e].includes(byte)
  );
}

function withoutSession(path: string): string {
  let rest = path;
  if (rest.includes(";")) rest = rest.replace(/;(?:jsessionid|phpsessid)=[^/;]*/gi, "");
  // ASP.NET's cookieless sessions; the server redirects to a fresh one when it is left out.
  if (rest.includes("/(S(")) rest = rest.replace(/\/\(S\([0-9a-z]{24}\)\)(?=\/|$)/g, "");
  return rest === "" ? "/" : rest;
}

function normalizeQuery(search: string, rule: QueryRule): string {
  if (search.length <= 1 || rule.mode === "drop") return "";
  const kept: { name: string; text: string }[] = [];
  for (const part of normalizeEscapes(search.slice(1)).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const rawName = equals < 0 ? part : part.slice(0, equals);
    const name = decode(rawName);
    const isKept =
      rule.mode === "allow"
        ? rule.names.includes(name)
        : !isNoise(name.toLowerCase(), equals < 0 ? "" : part.slice(equals + 1));
    if (isKept) kept.push({ name: rawName, text: part });
  }
  if (kept.length === 0) return "";
  if (kept.length > 1) kept.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return `?${kept.map((part) => part.text).join("&")}`;
}

function decode(name: string): string {
  if (!name.includes("%") && !name.includes("+")) return name;
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}
