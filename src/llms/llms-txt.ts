import type { ListedPage } from "./listed-pages.ts";
import { writeHeading, writeLink, writeParagraph, writeText } from "./markdown-line.ts";
import { OPTIONAL } from "./sections.ts";

export type LlmsLink = { page: ListedPage; title: string; description: string | undefined };

export type LlmsTxt = {
  title: string;
  summary: string | undefined;
  /** Pages in the order that they are shown in. */
  sections: { title: string; pages: ListedPage[] }[];
  optional: ListedPage[];
  /** What is said of the pages of a list, which is asked for those alone that there is room for. */
  describe(pages: readonly ListedPage[]): LlmsLink[];
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
  const pages = list.sections.reduce((count, section) => count + section.pages.length, list.optional.length);
  const sorted = {
    ...list,
    sections: list.sections.map((section) => ({ ...section, nearest: sortBySteps(section.pages) })),
  };
  const fit = (links: number, length: number): WrittenLlmsTxt | undefined => {
    const chosen = choose(sorted, links);
    // What is too long by its URLs alone need not be written: of very many links that takes long.
    if (countUrls(chosen) > limits.maxBytes) return undefined;
    const written = write(list, chosen, pages, length);
    return Buffer.byteLength(written.text) <= limits.maxBytes ? written : undefined;
  };
  const most = Math.min(limits.maxLinks, pages);
  for (const length of DESCRIPTION_LENGTHS) {
    const written = fit(most, length);
    if (written) return written;
  }
  // The most links that fit: each costs about the same, so few steps find it.
  let best = write(list, choose(sorted, 0), pages, 0);
  let tooMany = most;
  while (tooMany - best.links > 1) {
    const middle = Math.floor((best.links + tooMany) / 2);
    const written = fit(middle, 0);
    if (written) best = written;
    else tooMany = middle;
  }
  return best;
}

function countUrls({ sections, optional }: Chosen): number {
  const count = (pages: readonly ListedPage[]) => pages.reduce((bytes, { url }) => bytes + url.length, 0);
  return sections.reduce((bytes, { pages }) => bytes + count(pages), count(optional));
}

type Chosen = Pick<LlmsTxt, "sections" | "optional"> & { links: number };

function write(list: LlmsTxt, chosen: Chosen, pages: number, descriptionLength: number): WrittenLlmsTxt {
  const { sections, optional, links } = chosen;
  const leftOut = pages - links;
  const blocks = [`# ${writeHeading(list.title)}`];
  if (list.summary !== undefined) blocks.push(`> ${writeParagraph(list.summary)}`);
  blocks.push(describe(pages, leftOut));
  for (const section of [...sections, { title: OPTIONAL, pages: optional }]) {
    if (section.pages.length === 0) continue;
    const lines = list.describe(section.pages).map((link) => writeLine(link, descriptionLength));
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

type SortedList = {
  sections: { title: string; pages: ListedPage[]; nearest: readonly ListedPage[] }[];
  optional: ListedPage[];
};

/** As many links as are allowed. */
function choose({ sections, optional }: SortedList, maxLinks: number): Chosen {
  const main = sections.reduce((count, { pages }) => count + pages.length, 0);
  if (main + optional.length <= maxLinks) return { sections, optional, links: main + optional.length };
  const reserved = Math.min(optional.length, Math.floor(maxLinks * OPTIONAL_SHARE));
  const quotas = shareOut(
    sections.map(({ pages }) => pages.length),
    Math.min(main, maxLinks - reserved),
  );
  const left: ListedPage[] = [];
  const chosen = sections.map(({ title, pages, nearest }, index) => {
    const kept = new Set(nearest.slice(0, quotas[index]));
    for (const page of pages) if (!kept.has(page)) left.push(page);
    return { title, pages: pages.filter((page) => kept.has(page)) };
  });
  const room = maxLinks - chosen.reduce((count, { pages }) => count + pages.length, 0);
  // What every website has is worth its few lines; the rest of the room is for what the sections gave.
  const aside = optional.slice(0, Math.max(reserved, room - left.length));
  return { sections: chosen, optional: [...left.slice(0, room - aside.length), ...aside], links: maxLinks };
}

/** Shares a number out so that none gets more than it wants, and nobody less than another unless it wants less. */
function shareOut(wants: readonly number[], total: number): number[] {
  const shares = wants.map(() => 0);
  let left = total;
  const order = wants.map((_, index) => index).sort((a, b) => (wants[a] ?? 0) - (wants[b] ?? 0));
  for (const [place, index] of order.entries()) {
    const share = Math.min(wants[index] ?? 0, Math.floor(left / (order.length - place)));
    shares[index] = share;
    left -= share;
  }
  return shares;
}

/** Those with the fewest steps from a section's beginning first: folders below each other, then clicks from the start. */
function sortBySteps(pages: readonly ListedPage[]): ListedPage[] {
  const steps = pages.map((page) => ({ page, folders: foldersOf(page) }));
  steps.sort((a, b) => a.folders - b.folders || a.page.depth - b.page.depth);
  return steps.map(({ page }) => page);
}

function foldersOf({ path }: ListedPage): number {
  const query = path.indexOf("?");
  const end = query < 0 ? path.length : query;
  let folders = 0;
  for (let at = 0; at < end; at++) {
    // What a slash at the end, or an index, stands for is the folder.
    if (path[at] === "/" && at + 1 < end && !path.startsWith("index.", at + 1)) folders++;
  }
  return folders;
}
