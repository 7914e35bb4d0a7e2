import { isAscii } from "./labels.ts";
import { spaceless } from "./writing-systems.ts";

/** What a page is called elsewhere than in its own headings. */
export type TitleSources = {
  /** The `<title>`. */
  tag: string | null;
  openGraph: string | null;
  headline: string | null;
  siteName: string | null;
};

/** The heading is the text of the one it was told by. */
export type Title = { title: string | null; heading: string | undefined };

const maxHeadings = 20;
const maxHeadingLength = 300;
/** Share of words that a heading has in common with the title elsewhere, if it is the page's and no slogan. */
const leastShared = 0.4;
/** A heading that a script was to fill in. */
const template = /\{\{|<%|\$\{/;

const separators = new Set("| - – — ― · • ⋅ » « › ‹ → :: : / // ~ _ < > ・ ⋆ ★ ✓ ¦ ‖ | – ".split(" "));

/**
 * The page's title as the page itself shows it: that of its headings (the texts of the `<h1>`s, in order) which is no
 * site's logo and no banner's, and which is told with it; else `<title>` or what there is. Always without the site's name.
 */
export function chooseTitle(headings: readonly string[], sources: TitleSources): Title {
  const { siteName } = sources;
  const said = titlesIn(sources);
  const heading = findHeading(headings, said, siteName);
  if (heading === undefined) {
    return { title: said.find((title) => !isSame(title, siteName)) ?? said[0] ?? null, heading };
  }
  const shown = withoutSite(heading, siteName);
  // A heading is glued from pieces: where others have the same words, they have the marks between them too.
  return { title: said.find((title) => title !== shown && isSpelledAlike(title, shown)) ?? shown, heading };
}

function titlesIn({ tag, openGraph, headline, siteName }: TitleSources): string[] {
  const said: string[] = [];
  for (const title of [tag, openGraph, headline]) {
    const bare = title ? withoutSite(title, siteName) : "";
    if (bare !== "" && !said.includes(bare)) said.push(bare);
  }
  return said;
}

function findHeading(
  headings: readonly string[],
  said: readonly string[],
  siteName: string | null,
): string | undefined {
  const candidates = headings
    .slice(0, maxHeadings)
    .filter(
      (text) => text !== "" && text.length <= maxHeadingLength && !isSame(text, siteName) && !template.test(text),
    );
  const [first] = candidates;
  if (first === undefined || said.length === 0) return first;
  const equal = candidates.find((heading) => said.includes(heading));
  if (equal !== undefined) return equal;
  if (candidates.length === 1 && said.some((title) => title.startsWith(first) || first.startsWith(title))) return first;
  let best: string | undefined;
  let most = 0;
  const others = said.map(wordsOf);
  for (const heading of candidates) {
    const words = wordsOf(withoutSite(heading, siteName));
    for (const title of others) {
      const { ofShorter, ofBoth } = likeness(words, title);
      if (ofShorter >= leastShared && ofBoth > most) [best, most] = [heading, ofBoth];
    }
  }
  return best;
}

function wordsOf(text: string): Set<string> {
  const lower = text.toLowerCase();
  // Classes of Unicode cost ten times as much.
  if (isAscii(lower)) return new Set(lower.match(/[a-z0-9]+/g));
  const words = new Set<string>();
  for (const word of lower.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []) {
    if (spaceless.test(word)) for (const letter of word) words.add(letter);
    else words.add(word);
  }
  return words;
}

/**
 * How much two titles share: by the shorter one, which may be a part of the other, and by both together, which tells
 * those that begin alike apart. Longer words weigh more, since "the" and "in" are in every title.
 */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): { ofShorter: number; ofBoth: number } {
  let shared = 0;
  for (const word of a) if (b.has(word)) shared += word.length;
  const [first, second] = [weightOf(a), weightOf(b)];
  return {
    ofShorter: shared / Math.max(1, Math.min(first, second)),
    ofBoth: (2 * shared) / Math.max(1, first + second),
  };
}

function weightOf(words: ReadonlySet<string>): number {
  let weight = 0;
  for (const word of words) weight += word.length;
  return weight;
}

function isSpelledAlike(a: string, b: string): boolean {
  return Math.abs(a.length - b.length) <= 8 && a[0] === b[0] && lettersOf(a) === lettersOf(b);
}

function lettersOf(text: string): string {
  return isAscii(text) ? text.replace(/[^A-Za-z0-9]+/g, "") : text.replace(/[^\p{L}\p{N}\p{M}]+/gu, "");
}

function isSame(a: string, b: string | null): boolean {
  return b !== null && a.toLowerCase() === b.toLowerCase();
}

/** A title without the site's name and its separator, at the end or at the beginning; never empty. */
export function withoutSite(title: string, siteName: string | null): string {
  if (!siteName || title.length <= siteName.length + 1) return trimSeparators(title) ?? title;
  const [text, site] = [title.toLowerCase(), siteName.toLowerCase()];
  if (text.endsWith(site)) {
    const rest = title.slice(0, -site.length);
    if (endsWithSeparator(rest)) return trimSeparators(rest) ?? title;
  }
  if (text.startsWith(site)) {
    const rest = title.slice(site.length);
    if (startsWithSeparator(rest)) return trimSeparators(rest) ?? title;
  }
  return trimSeparators(title) ?? title;
}

/** The parts between separators that stand by themselves, such as `Page | Section | Site`. */
export function segmentsOf(title: string): string[] {
  const segments: string[] = [];
  let words: string[] = [];
  for (const word of title.split(" ")) {
    const isClosed = word.length > 2 && /[:|]$/.test(word);
    if (!separators.has(word) && !isClosed) words.push(word);
    else {
      if (isClosed) words.push(word.slice(0, -1));
      if (words.length > 0) segments.push(words.join(" "));
      words = [];
    }
  }
  if (words.length > 0) segments.push(words.join(" "));
  return segments;
}

function startsWithSeparator(text: string): boolean {
  return separators.has(text.trimStart().split(" ", 1)[0] ?? "");
}

function endsWithSeparator(text: string): boolean {
  const trimmed = text.trimEnd();
  return separators.has(trimmed.slice(trimmed.lastIndexOf(" ") + 1)) || /[^ ][|:]$/.test(trimmed);
}

function trimSeparators(text: string): string | undefined {
  const words = text.trim().split(" ");
  while (separators.has(words[0] ?? " ")) words.shift();
  while (separators.has(words.at(-1) ?? " ")) words.pop();
  return words.join(" ") || undefined;
}
