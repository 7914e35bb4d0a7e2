import type { Heading, Link } from "../document.ts";
import { collapse, type Element, lineOf, parseHtml, walk } from "../dom.ts";
import { readHeadings } from "../headings.ts";
import { collectLinks, resolveUrl } from "../links.ts";
import { toMarkdown } from "../markdown/markdown.ts";
import { toIsoDate } from "../metadata/date-value.ts";
import { surveyPage } from "../survey.ts";
import { appendChildren, createElement, numberElements } from "./element-tree.ts";
import type { Feed, FeedItem, FeedText } from "./feed-source.ts";
import type { Reading, ReadingOptions } from "./reading.ts";

const maxContentLength = 500_000;
/** Of all items together; the next ones have their titles only. */
const maxContentInAll = 8_000_000;
const maxTitleLength = 500;
const maxLinks = 10_000;

/** A feed as a listing: its title, and an entry for each item with its date, its authors and what it says. */
export function readFeed(feed: Feed, { url, ...parts }: ReadingOptions): Reading {
  const links = new Map<string, Link>();
  const headings: Heading[] = [];
  const entries: string[] = [];
  const site = (feed.url && resolveUrl(feed.url, url)) ?? url;
  const add = (root: Element, baseUrl: string) => {
    const survey = surveyPage(root);
    headings.push(...readHeadings(survey.headings));
    for (const link of collectLinks(survey, baseUrl).links) if (!links.has(link.url)) links.set(link.url, link);
    const markdown = toMarkdown(numberElements(root), { ...parts, baseUrl });
    if (markdown !== "") entries.push(markdown);
  };

  const title = feed.title && lineOfText(feed.title);
  const description = feed.description && lineOfText(feed.description);
  for (const page of feed.pages) addLink(links, page.url, url, page.rel);
  add(createElement("body", [...(title ? [createElement("h1", [title])] : []), ...contentOf(feed.description)]), site);
  let left = maxContentInAll;
  for (const item of feed.items) {
    const length = Math.min(left, maxContentLength, item.content?.text.length ?? 0);
    left -= length;
    add(toEntry(item, site, length), (item.url && resolveUrl(item.url, site)) ?? site);
  }
  if (feed.url) addLink(links, feed.url, url);
  return {
    title: title ?? null,
    description: description ?? null,
    language: feed.language?.slice(0, 35) ?? null,
    authors: feed.authors.map((name) => collapse(name.slice(0, maxTitleLength))),
    modifiedAt: toIsoDate(feed.updatedAt),
    headings: headings.slice(0, 1000),
    links: [...links.values()].slice(0, maxLinks),
    markdown: entries.join("\n"),
    isTruncated: feed.isTruncated || left <= 0 || links.size > maxLinks,
  };
}

function toEntry(item: FeedItem, site: string, length: number): Element {
  const url = item.url && resolveUrl(item.url, site);
  const date = toIsoDate(item.publishedAt);
  const name = (item.title && lineOfText(item.title)) || date?.slice(0, 10) || url;
  const title = url ? createElement("a", [name ?? url], ["href", url]) : (name ?? "");
  const signature = [date?.slice(0, 10), item.authors.map((author) => collapse(author.slice(0, 200))).join(", ")]
    .filter(Boolean)
    .join(" · ");
  const content = item.content && { ...item.content, text: item.content.text.slice(0, length).toWellFormed() };
  const files = item.files.slice(0, 20).flatMap((file) => {
    const target = resolveUrl(file, site);
    const label = target?.slice(target.lastIndexOf("/") + 1, target.lastIndexOf("/") + 200) || target;
    return target && label ? [createElement("p", [createElement("a", [label], ["href", target])])] : [];
  });
  return createElement("body", [
    ...(name ? [createElement("h2", [title])] : []),
    ...(signature === "" ? [] : [createElement("p", [signature])]),
    ...contentOf(content),
    ...files,
  ]);
}

/** Headings in an item stand below the item's own. */
function contentOf(content: FeedText | undefined): Element[] {
  if (!content) return [];
  if (content.isPlain) return content.text.split(/\n\s{0,100}\n/).map((text) => createElement("p", [text.trim()]));
  const { root } = parseHtml(content.text);
  walk(root, (element) => {
    const level = /^h([1-6])$/.exec(element.name)?.[1];
    if (level) element.name = `h${Math.min(6, Number(level) + 2)}`;
    return true;
  });
  const container = createElement("div");
  appendChildren(container, root.children);
  return [container];
}

function addLink(links: Map<string, Link>, href: string, base: string, rel?: string): void {
  const url = resolveUrl(href, base);
  if (url && !links.has(url)) links.set(url, rel ? { url, text: "", rel } : { url, text: "" });
}

function lineOfText({ text, isPlain }: FeedText): string {
  const start = text.slice(0, 4 * maxTitleLength).toWellFormed();
  const line = isPlain ? collapse(start) : lineOf(parseHtml(start).root);
  return line.slice(0, maxTitleLength).toWellFormed();
}
