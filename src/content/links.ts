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
  for (const element of survey.linkElements) {
    const rel = relOf(element);
    if (!rel?.split(" ").some((token) => foundInHead.has(token))) continue;
    // Other alternates are feeds and styles, which metadata holds.
    if (rel.includes("alternate") && attribute(element, "hreflang") === undefined) continue;
    add(links, attribute(element, "href"), rel, baseUrl, () => attribute(element, "title") ?? "");
  }
  for (const element of survey.anchors) {
    const isFrame = element.name === "iframe" || element.name === "frame";
    add(links, attribute(element, isFrame ? "src" : "href"), relOf(element), baseUrl, () => labelOf(element));
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

function add(
  links: Map<string, Link>,
  href: string | undefined,
  rel: string | undefined,
  baseUrl: string,
  label: () => string,
): void {
  if (href === undefined) return;
  const url = resolveUrl(href, baseUrl);
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
