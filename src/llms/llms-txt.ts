import type { ListedPage } from "./listed-pages.ts";
import { writeHeading, writeLink, writeParagraph, writeText } from "./markdown-line.ts";
import { OPTIONAL } from "./sections.ts";

export type LlmsLink = { page: ListedPage; title: string; description: string | undefined };

export type LlmsTxt = {
  title: string;
  summary: string | undefined;
  /** Links in the order that they are shown in. */
  sections: { title: string; links: LlmsLink[] }[];
  optional: LlmsLink[];
  /** Pages of the website in all. */
  pages: number;
};

export type WrittenLlmsTxt = {
  text: string;
  /** Links in it. */
  links: number;
  /** Pages that were left out for want of room. */
  leftOut: number;
};

/** What descriptions are cut to, one after the other, before links are left out. */
const DESCRIPTION_LENGTHS = [Number.POSITIVE_INFINITY, 100, 0];

/** Of all links, those that what is optional gets where there is not room for all. */
const OPTIONAL_SHARE = 0.1;

/**
 * Writes `llms.txt` (llmstxt.org) within bounds. Where there is not room for all, each section keeps those that are fewest
 * steps from its beginning, large sections giving before small ones; what they give is told under "Optional", as far as
 * there is room, then what is there anyway. The paragraph after the summary is always there: the specification's own
 * parser loses the summary otherwise.
 */
export function writeLlmsTxt(list: LlmsTxt, limits: { maxLinks: number; maxBytes: number }): WrittenLlmsTxt {
  const all = list.sections.reduce((count, { links }) => count + links.length, list.optional.length);
  let maxLinks = Math.min(limits.maxLinks, all);
  for (const length of DESCRIPTION_LENGTHS) {
    const written = write(list, maxLinks, length);
    if (Buffer.byteLength(written.text) <= limits.maxBytes) return written;
  }
  // The most links that fit: each costs about the same, so few steps find it.
  let [fits, tooMany] = [0, maxLinks];
  while (tooMany - fits > 1) {
    maxLinks = Math.floor((fits + tooMany) / 2);
    const { text } = write(list, maxLinks, 0);
    if (Buffer.byteLength(text) <= limits.maxBytes) fits = maxLinks;
    else tooMany = maxLinks;
  }
  return write(list, fits, 0);
}

function write(list: LlmsTxt, maxLinks: number, descriptionLength: number): WrittenLlmsTxt {
  const { sections, optional } = choose(list, maxLinks);
  const links = sections.reduce((count, section) => count + section.links.length, optional.length);
  const leftOut = list.pages - links;
  const blocks = [`# ${writeHeading(list.title)}`];
  if (list.summary !== undefined) blocks.push(`> ${writeParagraph(list.summary)}`);
  blocks.push(describe(list.pages, leftOut));
  for (const section of [...sections, { title: OPTIONAL, links: optional }]) {
    if (section.links.length === 0) continue;
    const lines = section.links.map((link) => writeLine(link, descriptionLength));
    blocks.push(`## ${writeHeading(section.title)}`, lines.join("\n"));
  }
  return { text: `${blocks.join("\n\n")}\n`, links, leftOut };
}

function describe(pages: number, leftOut: number): string {
  const count = (number: number) => `${number.toLocaleString("en")} ${number === 1 ? "page" : "pages"}`;
  const listed =
    leftOut === 0
      ? `All ${count(pages)} of the website are listed`
      : `${(pages - leftOut).toLocaleString("en")} of the website's ${count(pages)} are listed; index.json lists all`;
  return `${pages === 1 ? "The website's one page is listed" : listed}. The text of the pages is in llms-full.txt.`;
}

function writeLine({ page, title, description }: LlmsLink, descriptionLength: number): string {
  const link = writeLink(title, page.url);
  if (!description || descriptionLength === 0) return `- ${link}`;
  return `- ${link}: ${writeText(cutText(description, descriptionLength))}`;
}

function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length).toWellFormed();
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), 0)) || cut}…`;
}

/** As many links as are allowed. */
function choose({ sections, optional }: LlmsTxt, maxLinks: number): Pick<LlmsTxt, "sections" | "optional"> {
  const main = sections.reduce((count, { links }) => count + links.length, 0);
  if (main + optional.length <= maxLinks) return { sections, optional };
  const reserved = Math.min(optional.length, Math.floor(maxLinks * OPTIONAL_SHARE));
  const quotas = shareOut(
    sections.map(({ links }) => links.length),
    Math.min(main, maxLinks - reserved),
  );
  const left: LlmsLink[] = [];
  const chosen = sections.map(({ title, links }, index) => {
    const kept = new Set([...links].sort(compareSteps).slice(0, quotas[index]));
    left.push(...links.filter((link) => !kept.has(link)));
    return { title, links: links.filter((link) => kept.has(link)) };
  });
  const room = maxLinks - chosen.reduce((count, { links }) => count + links.length, 0);
  // What every website has is worth its few lines; the rest of the room is for what the sections gave.
  const aside = optional.slice(0, Math.max(reserved, room - left.length));
  return { sections: chosen, optional: [...left.slice(0, room - aside.length), ...aside] };
}

/** Shares a number out so that none gets more than it wants, and nobody less than another unless it wants less. */
function shareOut(wants: readonly number[], total: number): number[] {
  const shares = wants.map(() => 0);
  let left = total;
  const order = wants.map((_, index) => index).sort((a, b) => (wants[a] ?? 0) - (wants[b] ?? 0));
  for (const [place, index] of order.entries()) {
    const share = Math.min(wants[index] ?? 0, Math.ceil(left / (order.length - place)));
    shares[index] = share;
    left -= share;
  }
  return shares;
}

/** By folders below each other, then by clicks from the start. */
function compareSteps({ page: a }: LlmsLink, { page: b }: LlmsLink): number {
  return foldersOf(a) - foldersOf(b) || a.depth - b.depth;
}

function foldersOf({ path }: ListedPage): number {
  const [pathname = ""] = path.split("?", 1);
  return pathname.replace(/\/(?:index\.[a-z]{2,5})?$/, "").split("/").length;
}
