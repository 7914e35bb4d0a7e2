import { childOf, childrenOf, parseXml, type XmlElement } from "./xml-tree.ts";

/** A feed as its publisher wrote it, whatever the format. Texts are HTML unless they are said to be plain. */
export type Feed = {
  title: FeedText | undefined;
  description: FeedText | undefined;
  language: string | undefined;
  url: string | undefined;
  updatedAt: string | undefined;
  authors: string[];
  items: FeedItem[];
  /** Where older or newer items are. */
  pages: { url: string; rel: string }[];
  isTruncated: boolean;
};

export type FeedItem = {
  title: FeedText | undefined;
  url: string | undefined;
  publishedAt: string | undefined;
  authors: string[];
  content: FeedText | undefined;
  /** Sound, films and other files that come with it. */
  files: string[];
};

export type FeedText = { text: string; isPlain: boolean };

const maxItems = 1000;
const maxLength = 8 * 1024 * 1024;

/** RSS 0.9x, 1.0 and 2.0 and Atom; `undefined` for other XML. */
export function parseXmlFeed(source: string): Feed | undefined {
  const xml = source.slice(0, maxLength);
  const parsed = parseXml(xml);
  if (!parsed) return undefined;
  const { root } = parsed;
  const name = root.name.toLowerCase();
  const isCut = parsed.isTruncated || source.length > maxLength;
  if (name === "feed" || name === "atom:feed")
    return readAtom(name === "feed" ? root : withoutPrefix(root), xml, isCut);
  if (name === "rss" || name === "rdf:rdf") return readRss(root, isCut);
  return undefined;
}

function readRss(root: XmlElement, isCut: boolean): Feed | undefined {
  const channel = childOf(root, "channel");
  if (!channel) return undefined;
  // RSS 0.90 and 1.0 have the items beside the channel.
  const items = [...childrenOf(channel, "item"), ...childrenOf(root, "item")];
  const links = childrenOf(channel, "atom:link", "atom10:link");
  return {
    title: htmlOf(childOf(channel, "title")),
    description: htmlOf(childOf(channel, "description", "itunes:summary")),
    language: textOf(childOf(channel, "language", "dc:language")),
    url: textOf(childOf(channel, "link")),
    updatedAt: textOf(childOf(channel, "lastBuildDate", "pubDate", "dc:date")),
    authors: authorsOf(channel),
    items: items.slice(0, maxItems).map(readRssItem),
    pages: links.flatMap(pageOf),
    isTruncated: isCut || items.length > maxItems,
  };
}

function readRssItem(item: XmlElement): FeedItem {
  const guid = childOf(item, "guid");
  const isLink = guid !== undefined && guid.attributes.isPermaLink !== "false" && /^https?:/.test(guid.text.trim());
  return {
    title: htmlOf(childOf(item, "title", "media:title")),
    url: textOf(childOf(item, "link")) ?? (isLink ? textOf(guid) : item.attributes["rdf:about"]),
    publishedAt: textOf(childOf(item, "pubDate", "dc:date", "published")),
    authors: authorsOf(item),
    content: htmlOf(childOf(item, "content:encoded", "description", "itunes:summary", "media:description")),
    files: childrenOf(item, "enclosure").flatMap(({ attributes }) => attributes.url ?? []),
  };
}

function authorsOf(element: XmlElement): string[] {
  const found = childrenOf(element, "dc:creator", "author", "managingEditor", "itunes:author").slice(0, 20);
  const names = found.flatMap(({ text }) => {
    // RSS has an address, with the name after it in brackets.
    const named = /^[^\s()]{1,200}@[^\s()]{1,200} \(([^()]{1,200})\)$/.exec(text.trim());
    return named?.[1] ?? text.trim();
  });
  return [...new Set(names.filter((name) => name !== "" && !/^\S{1,200}@\S{1,200}$/.test(name)))];
}

function readAtom(root: XmlElement, xml: string, isCut: boolean): Feed {
  const entries = childrenOf(root, "entry");
  return {
    title: atomText(childOf(root, "title"), xml),
    description: atomText(childOf(root, "subtitle", "tagline"), xml),
    language: root.attributes["xml:lang"],
    url: linkOf(root, "alternate"),
    updatedAt: textOf(childOf(root, "updated", "modified")),
    authors: atomAuthors(root),
    items: entries.slice(0, maxItems).map((entry) => ({
      title: atomText(childOf(entry, "title"), xml),
      url: linkOf(entry, "alternate"),
      publishedAt: textOf(childOf(entry, "published", "issued", "updated", "modified")),
      authors: atomAuthors(entry),
      content: atomText(childOf(entry, "content", "summary"), xml) ?? mediaText(entry),
      files: childrenOf(entry, "link").flatMap(({ attributes: { rel, href } }) => (rel === "enclosure" && href) || []),
    })),
    pages: childrenOf(root, "link").flatMap(pageOf),
    isTruncated: isCut || entries.length > maxItems,
  };
}

/** Video sites put the description of a film into a group. */
function mediaText(entry: XmlElement): FeedText | undefined {
  const group = childOf(entry, "media:group");
  const text = textOf(group && childOf(group, "media:description"));
  return text === undefined ? undefined : { text, isPlain: true };
}

function atomAuthors(element: XmlElement): string[] {
  return childrenOf(element, "author")
    .slice(0, 20)
    .flatMap((author) => textOf(childOf(author, "name")) ?? []);
}

/** RFC 4287 §3.1; XHTML is cut from the source as it stands there. */
function atomText(element: XmlElement | undefined, xml: string): FeedText | undefined {
  if (!element) return undefined;
  const type = element.attributes.type?.trim().toLowerCase() ?? "text";
  if (type === "xhtml") return { text: xml.slice(element.start, element.end), isPlain: false };
  const text = element.text.trim();
  return text === "" ? undefined : { text, isPlain: type === "text" || type === "text/plain" };
}

function linkOf(element: XmlElement, rel: string): string | undefined {
  const links = childrenOf(element, "link").filter(({ attributes }) => (attributes.rel ?? "alternate") === rel);
  const best = links.find(({ attributes }) => (attributes.type ?? "text/html") === "text/html") ?? links[0];
  return best?.attributes.href;
}

function pageOf({ attributes: { rel = "", href } }: XmlElement): { url: string; rel: string }[] {
  return href && /^(?:next|prev|previous|prev-archive|next-archive)$/.test(rel) ? [{ url: href, rel }] : [];
}

function withoutPrefix(element: XmlElement): XmlElement {
  const children = element.children.map(withoutPrefix);
  return { ...element, name: element.name.replace(/^atom:/i, ""), children };
}

function htmlOf(element: XmlElement | undefined): FeedText | undefined {
  const text = textOf(element);
  return text === undefined ? undefined : { text, isPlain: false };
}

function textOf(element: XmlElement | undefined): string | undefined {
  return element?.text.trim() || undefined;
}

/** JSON Feed 1.0 and 1.1; `undefined` for other JSON. */
export function parseJsonFeed(source: string): Feed | undefined {
  const feed = source.length > maxLength ? undefined : parseObject(source);
  if (!feed || typeof feed.version !== "string" || !feed.version.includes("jsonfeed.org/version/")) return undefined;
  const items = Array.isArray(feed.items) ? feed.items.filter(isObject) : [];
  const next = stringOf(feed.next_url);
  return {
    title: plain(feed.title),
    description: plain(feed.description),
    language: stringOf(feed.language),
    url: stringOf(feed.home_page_url),
    updatedAt: undefined,
    authors: jsonAuthors(feed),
    items: items.slice(0, maxItems).map((item) => {
      const html = stringOf(item.content_html);
      const attachments = Array.isArray(item.attachments) ? item.attachments.filter(isObject).slice(0, 20) : [];
      return {
        title: plain(item.title),
        url: stringOf(item.url) ?? stringOf(item.external_url),
        publishedAt: stringOf(item.date_published) ?? stringOf(item.date_modified),
        authors: jsonAuthors(item),
        content:
          html === undefined ? (plain(item.content_text) ?? plain(item.summary)) : { text: html, isPlain: false },
        files: attachments.flatMap(({ url }) => stringOf(url) ?? []),
      };
    }),
    pages: next ? [{ url: next, rel: "next" }] : [],
    isTruncated: items.length > maxItems,
  };
}

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseObject(source: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value.trim() || undefined : undefined;
}

function plain(value: unknown): FeedText | undefined {
  const text = stringOf(value);
  return text === undefined ? undefined : { text, isPlain: true };
}

function jsonAuthors({ authors, author }: JsonObject): string[] {
  const found = Array.isArray(authors) ? authors : [author];
  return found
    .filter(isObject)
    .slice(0, 20)
    .flatMap(({ name }) => stringOf(name) ?? []);
}
