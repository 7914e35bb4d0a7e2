export type TitleSources = {
  /** The `<title>`. */
  tag: string | null | undefined;
  openGraph: string | null;
  headline: string | null;
  /** The first `<h1>`. */
  heading: string | undefined;
  siteName: string | null;
};

const separators = new Set([
  "|",
  "-",
  "–",
  "—",
  "·",
  "•",
  "»",
  "«",
  "›",
  "‹",
  "::",
  ":",
  "/",
  "~",
  "_",
  "<",
  ">",
  "・",
]);

/**
 * The page's title without its site's name, where another source says which part of `<title>` that is: a heading or an
 * Open Graph title that is one end of it, or a known site name at the other.
 */
export function chooseTitle({ tag, openGraph, headline, heading, siteName }: TitleSources): string | null {
  const whole = tag ?? openGraph ?? headline ?? heading ?? null;
  if (!tag || whole === null) return whole === null ? null : (withoutSite(whole, siteName) ?? whole);
  for (const part of [heading, openGraph, headline]) {
    if (part && isEndOf(tag, part) && !isSame(part, siteName)) return withoutSite(part, siteName) ?? part;
  }
  return withoutSite(tag, siteName) ?? tag;
}

function isSame(a: string, b: string | null): boolean {
  return b !== null && a.toLowerCase() === b.toLowerCase();
}

function isEndOf(whole: string, part: string): boolean {
  const [text, piece] = [whole.toLowerCase(), part.toLowerCase()];
  if (text === piece) return true;
  if (text.startsWith(piece)) return startsWithSeparator(whole.slice(part.length));
  // A short end is the site's name more often than the page's.
  return 2 * piece.length >= text.length && text.endsWith(piece) && endsWithSeparator(whole.slice(0, -part.length));
}

function withoutSite(title: string, siteName: string | null): string | undefined {
  if (!siteName || title.length <= siteName.length + 2) return undefined;
  const [text, site] = [title.toLowerCase(), siteName.toLowerCase()];
  if (text.endsWith(site)) {
    const rest = title.slice(0, -site.length);
    if (endsWithSeparator(rest)) return trimSeparators(rest);
  }
  if (text.startsWith(site)) {
    const rest = title.slice(site.length);
    if (startsWithSeparator(rest)) return trimSeparators(rest);
  }
  return undefined;
}

function startsWithSeparator(text: string): boolean {
  return separators.has(text.trimStart().split(" ", 1)[0] ?? "");
}

function endsWithSeparator(text: string): boolean {
  return separators.has(text.trimEnd().split(" ").at(-1) ?? "");
}

function trimSeparators(text: string): string | undefined {
  const words = text.trim().split(" ");
  while (separators.has(words[0] ?? " ")) words.shift();
  while (separators.has(words.at(-1) ?? " ")) words.pop();
  return words.join(" ") || undefined;
}
