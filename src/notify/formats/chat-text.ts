import { KIND_WORDS, type Message, type MessagePage } from "../message.ts";

/**
 * Text of a stranger on one line: without line breaks, control characters, and those that turn around the direction in
 * which the text beside them is read.
 */
export function cleanText(text: string): string {
  const plain = text.toWellFormed().replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
  return plain.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "").trim();
}

/** At most so many UTF-16 units, which is how makers count or more; never within a character. */
export function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, Math.max(0, maxLength - 1)).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** The page's title, or its URL where it has none. */
export function nameOf({ title, url }: Pick<MessagePage, "title" | "url">, maxLength: number): string {
  return cut(cleanText(title ?? "") || url, maxLength);
}

/** "Changed, 12 % of the text" or "Moved from https://…". */
export function happeningOf({ kind, share, fromUrl }: MessagePage): string {
  const word = KIND_WORDS[kind];
  if (kind === "moved" && fromUrl !== undefined) return `${word} from ${cut(fromUrl, 300)}`;
  if (share === null || kind !== "changed") return word;
  const percent = Math.round(share * 100);
  return `${word}, ${percent < 1 ? "less than 1" : percent} % of the text`;
}

/** What went and what came, a line each with `-` or `+` before it, as many as fit. */
export function excerptLines({ added, removed }: MessagePage, maxLength: number): string[] {
  const lines = [...removed.map((text) => `- ${cleanText(text)}`), ...added.map((text) => `+ ${cleanText(text)}`)];
  const fitting: string[] = [];
  let length = 0;
  for (const [index, line] of lines.entries()) {
    const short = cut(line, 300);
    length += short.length + 1;
    if (length <= maxLength) fitting.push(short);
    else {
      fitting.push(`… and ${lines.length - index} more`);
      break;
    }
  }
  return fitting;
}

export const SEE_CHANGE = "See what changed";
export const SEE_ALL = "See all changes";

/** Where people see all that a message is about; `undefined` where there is no more to it. */
export function overviewOf({ links }: Pick<Message, "links">): string | undefined {
  return links.report ?? links.changes;
}

/** "… and 3 more pages", or nothing when all are told. */
export function moreOf(count: number): string {
  return count <= 0 ? "" : `… and ${count} more ${count === 1 ? "page" : "pages"}`;
}

/** Where a link may lead: page URLs are of the web already, but what a template or payload holds may be anything. */
export function isWebUrl(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && (parsed.protocol === "https:" || parsed.protocol === "http:") && url.length <= 2_048;
}
