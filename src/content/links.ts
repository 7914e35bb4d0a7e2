import type { Link } from "./document.ts";
import { attribute, collapse, type Element, findElement, lineOf } from "./dom.ts";
import type { Survey } from "./survey.ts";

const maxLinks = 10_000;
const maxUrlLength = 8192;
const maxTextLength = 300;
const foundInHead = new Set(["next", "prev", "alternate"]);

/** The page's `<base href>`, or its own URL. */
export function baseUrlOf(survey: Survey, pageUrl: string): string {
  const href = survey.base && attribute(survey.base, "href");
  return (href && resolveUrl(href, pageUrl)) || pageUrl;
}

/** All links of a page to `http:` and `https:`, absolute, without fragments, each URL once, in document order. */
export function collectLinks(survey: Survey, baseUrl: string): { links: Link[]; isTruncated: boolean } {
  const links = new Map<string, Link>();
  const resolve = linkResolver(baseUrl);
  for (const element of survey.linkElements) {
    const rel = relOf(element);
    if (!rel?.split(" ").some((token) => foundInHead.has(token))) continue;
    // Other alternates are feeds and styles, which metadata holds.
    if (rel.includes("alternate") && attribute(element, "hreflang") === undefined) continue;
    add(links, attribute(element, "href"), rel, resolve, () => attribute(element, "title") ?? "");
  }
  for (const element of survey.anchors) {
    const isFrame = element.name === "iframe" || element.name === "frame";
    add(links, attribute(element, isFrame ? "src" : "href"), relOf(element), resolve, () => labelOf(element));
    if (links.size > maxLinks) break;
  }
  const isTruncated = links.size > maxLinks;
  return { links: [...links.values()].slice(0, maxLinks), isTruncated };
}

/** Absolute and without its fragment; `undefined` for other schemes, for what is no URL, and for endless ones. */
export function resolveUrl(href: string, baseUrl: string): string | undefined {
  const trimmed = href.trim();
  if (trimmed === "" || trimmed.startsWith("#") || trimmed.length > maxUrlLength) return undefined;
  if (/^[a-z][a-z0-9+.-]*:/i.test(trimmed) && !/^https?:/i.test(trimmed)) return undefined;
  const url = URL.parse(trimmed, baseUrl);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  const { href: absolute } = url;
  const hash = absolute.indexOf("#");
  return hash < 0 ? absolute : absolute.slice(0, hash);
}

type ResolveUrl = (href: string) => string | undefined;

/** Like `resolveUrl`, for all links of one page: most need no parsing, and no URL is parsed again for its fragments. */
function linkResolver(baseUrl: string): ResolveUrl {
  const base = URL.parse(baseUrl);
  if (base?.protocol !== "http:" && base?.protocol !== "https:") return (href) => resolveUrl(href, baseUrl);
  const authority = base.href.slice(0, base.href.indexOf("/", base.protocol.length + 2));
  const folder = authority + base.pathname.slice(0, base.pathname.lastIndexOf("/") + 1);
  const known = new Map<string, string | undefined>();
  return (href) => {
    if (href.length > maxUrlLength) return resolveUrl(href, baseUrl);
    const hash = href.indexOf("#");
    const path = hash < 0 ? href : href.slice(0, hash);
    if (isPlainPath(path)) return (path.startsWith("/") ? authority : folder) + path;
    if (known.has(path)) return known.get(path);
    const url = resolveUrl(path, baseUrl);
    known.set(path, url);
    return url;
  };
}

const plainCharacters = new Uint8Array(128);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~=+,;&!$*()@:/.?") {
  plainCharacters[char.charCodeAt(0)] = 1;
}

/** Whether a path only has to be put after its base: nothing to encode, and no segment that is empty or begins with a dot. */
function isPlainPath(path: string): boolean {
  const isRooted = path.startsWith("/");
  let before = slash;
  for (let at = isRooted ? 1 : 0; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code >= 128 || plainCharacters[code] === 0) return false;
    if (before === slash && (code === dot || code === slash)) return false;
    // Before the first slash a colon ends a scheme.
    if (code === colon && !isRooted) return false;
    before = code;
  }
  return path !== "" && !path.startsWith("?");
}

const dot = 46;
const slash = 47;
const colon = 58;

function add(
  links: Map<string, Link>,
  href: string | undefined,
  rel: string | undefined,
  resolve: ResolveUrl,
  label: () => string,
): void {
  if (href === undefined) return;
  const url = resolve(href);
  if (url === undefined) return;
  const known = links.get(url);
  if (!known) {
    const text = label().slice(0, maxTextLength).toWellFormed();
    links.set(url, rel ? { url, text, rel } : { url, text });
    return;
  }
  if (known.text === "") known.text = label().slice(0, maxTextLength).toWellFormed();
  // One link that may be followed is enough.
  if (known.rel?.includes("nofollow") && !rel?.includes("nofollow")) setRel(known, known.rel.replace(/ ?nofollow/, ""));
}

function setRel(link: Link, rel: string): void {
  if (rel.trim() === "") delete link.rel;
  else link.rel = rel.trim();
}

function relOf(element: Element): string | undefined {
  const rel = attribute(element, "rel");
  return rel ? collapse(rel).toLowerCase().slice(0, 200) || undefined : undefined;
}

function labelOf(element: Element): string {
  const text = lineOf(element, 4 * maxTextLength);
  if (text !== "") return text;
  const image = findElement(element, "img");
  const label =
    attribute(element, "aria-label") ??
    attribute(element, "title") ??
    (image && attribute(image, "alt")) ??
    attribute(element, "alt");
  return collapse((label ?? "").slice(0, 4 * maxTextLength));
}
