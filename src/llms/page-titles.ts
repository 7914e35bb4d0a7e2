import { isNoSentence } from "../passages/summary.ts";
import type { ListedPage } from "./listed-pages.ts";
import { inTurns } from "./turns.ts";

/** What stands between a page's own title and the website's name. */
const SEPARATOR = / [|–—·•»:/-]+ | ?:: ?|: /g;

/** The share of pages that must have the same words at the end or the beginning for them to be the website's. */
const SHARED = 0.4;
const SHARED_AT_LEAST = 3;

const MAX_TITLE = 120;
const MAX_SUMMARY = 220;
/** A text that so many pages give is said of the website, not of them. */
const REPEATED = 3;

/** What generators write where a page has no title. */
const NO_TITLE = /^\s*(?:<?no title>?|untitled(?: document)?)\s*$/i;

export type PageTitles = { titleOf(page: ListedPage): string; summaryOf(page: ListedPage): string | undefined };

/** Titles without what all have, such as the website's name, and one line about each page, where it says something. */
export async function createPageTitles(pages: readonly ListedPage[], signal?: AbortSignal): Promise<PageTitles> {
  const { ends, beginnings } = await findShared(pages, signal);
  const summaries = new Map<string, number>();
  for (const { summary } of pages) if (summary) summaries.set(summary, (summaries.get(summary) ?? 0) + 1);
  const titleOf = remembering((page): string => {
    const whole = NO_TITLE.test(page.title ?? "") ? "" : onOneLine(page.title ?? "");
    const own = withoutShared(whole, ends, beginnings);
    return shorten((own || whole).replace(/ ?:$/, "") || nameOf(page), MAX_TITLE);
  });
  const summaryOf = remembering((page): string | undefined => {
    const text = onOneLine(page.summary ?? "");
    if (isNoSentence(text) || (summaries.get(page.summary ?? "") ?? 0) >= REPEATED) return undefined;
    const isTitle = [page.title ?? "", titleOf(page)].some((title) => foldText(title) === foldText(text));
    return isTitle ? undefined : shortenText(text, MAX_SUMMARY);
  });
  return { titleOf, summaryOf };
}

/** Lists are written several times until they fit. */
function remembering<Said>(say: (page: ListedPage) => Said): (page: ListedPage) => Said {
  const said = new Map<ListedPage, Said>();
  return (page) => {
    const known = said.get(page);
    if (known !== undefined) return known;
    const made = say(page);
    said.set(page, made);
    return made;
  };
}

/** A name in a path as a title: `getting-started` is `Getting started`. */
export function toTitle(name: string): string {
  const words = onOneLine(decode(name).replace(/[-_+]/g, " "));
  return words === "" ? name : words.charAt(0).toUpperCase() + words.slice(1);
}

/** Without what can't be seen but turns the text around, or ends a line. */
const UNSEEN = /[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu;

export const onOneLine = (text: string) => text.toWellFormed().replace(UNSEEN, " ").trim();

/** What a website's start page says of it, if that is a sentence: many have but links. */
export function toWebsiteSummary(text: string): string | undefined {
  const line = onOneLine(text);
  return isNoSentence(line) || !/[.!?。！？…]["”»)]?$/.test(line) ? undefined : line;
}

/** At most `length` characters, ended at a sentence where one ends in the second half, else at a word. */
export function shortenText(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  const sentence = Math.max(...[". ", "! ", "? ", "。"].map((end) => cut.lastIndexOf(end)));
  return sentence >= length / 2 ? cut.slice(0, sentence + 1) : shorten(text, length);
}

function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length - 1).toWellFormed();
  const word = cut.lastIndexOf(" ");
  return `${(word > length / 2 ? cut.slice(0, word) : cut).replace(/[\s,;:.]$/, "")}…`;
}

async function findShared(pages: readonly ListedPage[], signal: AbortSignal | undefined) {
  const ends = new Map<string, number>();
  const beginnings = new Map<string, number>();
  let count = 0;
  for await (const batch of inTurns(pages, signal)) {
    for (const { title } of batch) {
      if (!title) continue;
      count++;
      const whole = onOneLine(title);
      for (const { index, end } of separatorsOf(whole)) {
        ends.set(whole.slice(index), (ends.get(whole.slice(index)) ?? 0) + 1);
        beginnings.set(whole.slice(0, end), (beginnings.get(whole.slice(0, end)) ?? 0) + 1);
      }
    }
  }
  const least = Math.max(SHARED_AT_LEAST, count * SHARED);
  const often = (tally: Map<string, number>) =>
    [...tally]
      .filter(([, times]) => times >= least)
      .map(([text]) => text)
      .sort((a, b) => b.length - a.length);
  return { ends: often(ends), beginnings: often(beginnings) };
}

/** The outer ones: a title with very many has no name in it. */
function separatorsOf(title: string): { index: number; end: number }[] {
  const all = [...title.slice(0, 300).matchAll(SEPARATOR)].map(({ 0: { length }, index }) => ({
    index,
    end: index + length,
  }));
  return all.length <= 6 ? all : [...all.slice(0, 3), ...all.slice(-3)];
}

function withoutShared(title: string, ends: readonly string[], beginnings: readonly string[]): string {
  const end = ends.find((text) => title.endsWith(text) && title.length > text.length);
  const left = end === undefined ? title : title.slice(0, -end.length);
  const beginning = beginnings.find((text) => left.startsWith(text) && left.length > text.length);
  return (beginning === undefined ? left : left.slice(beginning.length)).trim();
}

/** By what the URL calls it. */
function nameOf({ path, host }: ListedPage): string {
  const [pathname = ""] = path.split("?", 1);
  const last = pathname.split("/").findLast((part) => part !== "");
  return last === undefined ? host : toTitle(last.replace(/\.[a-z\d]{1,8}$/i, "")) || host;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const foldText = (text: string) => onOneLine(text).toLowerCase().replace(/[.!]$/, "");
