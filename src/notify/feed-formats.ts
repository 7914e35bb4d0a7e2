import { VERSION } from "../version.ts";
import type { Feed, FeedEntry } from "./feed.ts";

export const FEED_FORMATS = ["rss", "atom", "json"] as const;
export type FeedFormat = (typeof FEED_FORMATS)[number];

export const FEED_MEDIA_TYPES: Record<FeedFormat, string> = {
  rss: "application/rss+xml",
  atom: "application/atom+xml",
  json: "application/feed+json",
};

/** @param selfUrl where the feed itself is */
export function writeFeed(feed: Feed, format: FeedFormat, selfUrl: string): string {
  if (format === "json") return JSON.stringify(toJsonFeed(feed, selfUrl));
  return toXml(format === "rss" ? toRss(feed, selfUrl) : toAtom(feed, selfUrl));
}

/** RSS 2.0 (rssboard.org/rss-specification), with the HTML where readers look for it first. */
function toRss(feed: Feed, selfUrl: string) {
  return {
    rss: {
      "@version": "2.0",
      "@xmlns:atom": "http://www.w3.org/2005/Atom",
      "@xmlns:content": "http://purl.org/rss/1.0/modules/content/",
      channel: {
        title: feed.title,
        link: feed.websiteUrl,
        description: feed.title,
        "atom:link": { "@href": selfUrl, "@rel": "self", "@type": FEED_MEDIA_TYPES.rss },
        lastBuildDate: feed.updatedAt.toUTCString(),
        generator: GENERATOR,
        item: feed.entries.map((entry) => ({
          title: entry.title,
          link: entry.url,
          guid: { "@isPermaLink": "false", "#text": idOf(entry) },
          pubDate: entry.at.toUTCString(),
          category: entry.kind,
          description: entry.html,
          "content:encoded": entry.html,
        })),
      },
    },
  };
}

/** RFC 4287. */
function toAtom(feed: Feed, selfUrl: string) {
  return {
    feed: {
      "@xmlns": "http://www.w3.org/2005/Atom",
      id: `urn:uuid:${feed.websiteId}`,
      title: feed.title,
      updated: feed.updatedAt.toISOString(),
      author: { name: "Orbweaver" },
      generator: GENERATOR,
      link: [
        { "@rel": "self", "@type": FEED_MEDIA_TYPES.atom, "@href": selfUrl },
        { "@rel": "alternate", "@href": feed.websiteUrl },
      ],
      entry: feed.entries.map((entry) => ({
        id: idOf(entry),
        title: entry.title,
        updated: entry.at.toISOString(),
        published: entry.at.toISOString(),
        link: [
          { "@rel": "alternate", "@href": entry.url },
          ...(entry.changeUrl === undefined
            ? []
            : [{ "@rel": "related", "@type": "text/html", "@href": entry.changeUrl }]),
        ],
        category: { "@term": entry.kind },
        content: { "@type": "html", "#text": entry.html },
      })),
    },
  };
}

/** JSON Feed 1.1 (jsonfeed.org/version/1.1). */
function toJsonFeed(feed: Feed, selfUrl: string) {
  return {
    version: "https://jsonfeed.org/version/1.1",
    title: feed.title,
    home_page_url: feed.websiteUrl,
    feed_url: selfUrl,
    items: feed.entries.map((entry) => ({
      ...{ id: idOf(entry), url: entry.url, title: entry.title, content_html: entry.html },
      date_published: entry.at.toISOString(),
      tags: [entry.kind],
    })),
  };
}

const GENERATOR = `Orbweaver ${VERSION}`;

const idOf = ({ id }: FeedEntry) => `urn:uuid:${id}`;

/** Refuses what is not well-formed; all texts have been cleaned of what XML can't hold (XML 1.0 §2.2). */
const toXml = (document: object) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${Bun.XML.stringify(withoutForbidden(document))}\n`;

function withoutForbidden(value: unknown): never {
  return JSON.parse(JSON.stringify(value), (_, each) => (typeof each === "string" ? keepAllowed(each) : each)) as never;
}

const keepAllowed = (text: string) => text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "");
