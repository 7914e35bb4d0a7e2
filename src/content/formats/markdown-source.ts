import type { Heading, Link } from "../document.ts";
import { collapse } from "../dom.ts";
import { resolveUrl } from "../links.ts";
import { splitFrontMatter } from "./front-matter.ts";
import type { Reading } from "./reading.ts";

const maxHeadings = 1000;
const maxLinks = 10_000;
const maxLineLength = 2000;

/** Markdown as it is, without its front matter; that, its headings and its links are read. */
export function readMarkdownSource(text: string, url: string): Reading {
  const { facts, body } = splitFrontMatter(text.replace(/\r\n?/g, "\n").replace(/^\ufeff/, ""));
  const markdown = body.replace(/^(?:[ \t]*\n)+/, "");
  const { headings, links, isTruncated } = readLines(markdown, url, true);
  const canonicalUrl = facts.canonicalUrl ? (resolveUrl(facts.canonicalUrl, url) ?? null) : null;
  return {
    title: headings.find(({ level }) => level === 1)?.text ?? headings[0]?.text ?? null,
    ...facts,
    canonicalUrl,
    markdown,
    headings,
    links,
    isTruncated,
  };
}

/** Headings and links of a text; of plain text only its links, since a `#` there is no heading. */
export function readLines(
  body: string,
  url: string,
  isMarkdown: boolean,
): { headings: Heading[]; links: Link[]; isTruncated: boolean } {
  const headings: Heading[] = [];
  const links = new Map<string, Link>();
  let fence = "";
  for (const line of linesOf(body)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark && (fence === "" || mark.startsWith(fence))) fence = fence === "" ? mark : "";
    if (fence !== "" || mark) continue;
    if (isMarkdown && headings.length < maxHeadings) addHeading(headings, line);
    if (links.size < maxLinks) addLinks(links, line, url);
  }
  return { headings, links: [...links.values()], isTruncated: links.size >= maxLinks };
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    const stop = end < 0 ? text.length : end;
    yield text.slice(start, Math.min(stop, start + maxLineLength));
    start = stop + 1;
  }
}

function addHeading(headings: Heading[], line: string): void {
  const match = /^ {0,3}(#{1,6})[ \t]+(\S.*)$/.exec(line);
  if (!match?.[1] || !match[2]) return;
  const anchored = /^(.*)\{#([\w-]{1,200})\}[ \t]*$/.exec(match[2]);
  const text = plain(anchored?.[1] ?? match[2]);
  if (text === "") return;
  headings.push(
    anchored?.[2] ? { level: match[1].length, text, anchor: anchored[2] } : { level: match[1].length, text },
  );
}

function plain(markdown: string): string {
  const text = markdown
    .replace(/\[([^[\]]{0,300})\]\([^()]{0,1000}\)/g, "$1")
    .replace(/[`*]/g, "")
    .trim();
  return collapse(text.replace(/ #{1,6}$/, ""));
}

const inlineLink = /\[([^[\]]{0,300})\]\(\s{0,10}<?([^\s()<>]{1,2000}(?:\([^\s()<>]{0,200}\))?[^\s()<>]{0,500})/g;
const bareUrl = /\bhttps?:\/\/[^\s<>"'`)\]]{1,2000}/g;

function addLinks(links: Map<string, Link>, line: string, baseUrl: string): void {
  if (line.includes("](")) {
    for (const [, text = "", href = ""] of line.matchAll(inlineLink)) addLink(links, href, collapse(text), baseUrl);
  }
  if (line.includes("://")) {
    for (const [href] of line.matchAll(bareUrl)) addLink(links, href.replace(/[.,;:!?]$/, ""), "", baseUrl);
  }
}

function addLink(links: Map<string, Link>, href: string, text: string, baseUrl: string): void {
  const url = resolveUrl(href, baseUrl);
  if (url && !links.has(url)) links.set(url, { url, text });
}
