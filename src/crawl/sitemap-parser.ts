import { Parser } from "htmlparser2";

export type SitemapEntry = {
  kind: "page" | "sitemap";
  url: string;
  lastModified?: string;
  priority?: string;
};

export type SitemapParser = {
  /** The entries that the next piece of text completes. */
  write(text: string): SitemapEntry[];
  /** Why there is no use in reading on. */
  readonly fault: string | undefined;
};

const maxText = 8_192;
/** Elements open at once that are told apart; a sitemap needs three. */
const maxOpen = 32;
/** The parser's own stack takes a time that grows with the square of the depth. */
const maxDepth = 5_000;
/** Lines of a text without one URL after which it is none. */
const maxFutileLines = 100;

/** Elements that are an entry, by their local names, with the kind of what they name. */
const entryElements: Record<string, SitemapEntry["kind"]> = {
  url: "page",
  sitemap: "sitemap",
  item: "page",
  entry: "page",
};

/** Reads XML when the text begins with a tag, else lines. Neither ever throws. */
export function createSitemapParser(): SitemapParser {
  let chosen: SitemapParser | undefined;
  let start = "";
  return {
    write(text) {
      if (chosen) return chosen.write(text);
      start = (start + text).trimStart();
      if (start === "") return [];
      chosen = start.startsWith("<") ? createXmlParser() : createLineParser();
      return chosen.write(start);
    },
    get fault() {
      return chosen?.fault;
    },
  };
}

function createLineParser(): SitemapParser {
  let rest = "";
  let futile = 0;
  let fault: string | undefined;
  return {
    write(text) {
      const lines = (rest + text).split(/[\r\n]+/);
      rest = lines.pop() ?? "";
      // No URL is that long; what is cut off makes the line a broken one.
      if (rest.length > maxText) rest = rest.slice(0, maxText + 1);
      const entries: SitemapEntry[] = [];
      for (const line of lines) {
        const url = line.trim();
        if (/^https?:\/\//i.test(url)) {
          entries.push({ kind: "page", url });
          futile = Number.NEGATIVE_INFINITY;
        } else if (url !== "") futile += 1;
      }
      if (futile > maxFutileLines || (futile > 0 && rest.length > maxText)) fault = "Is neither XML nor a list of URLs";
      return entries;
    },
    get fault() {
      return fault;
    },
  };
}

/**
 * htmlparser2 in its XML mode: it streams, takes broken XML for what it seems to mean, and knows only the five entities
 * of XML itself, so that a document's own entities unfold to nothing.
 */
function createXmlParser(): SitemapParser {
  let entries: SitemapEntry[] = [];
  let fault: string | undefined;
  let entry: SitemapEntry | undefined;
  let entryElement = "";
  let text = "";
  let depth = 0;
  const open: string[] = [];

  const parser = new Parser(
    {
      onopentag(name, attributes) {
        const local = localName(name);
        if (depth === 0 && local === "html") fault = "Is an HTML page, not a sitemap";
        depth += 1;
        if (depth > maxDepth) fault ??= "Is nested too deep for a sitemap";
        if (depth <= maxOpen) open.push(local);
        text = "";
        const kind = entryElements[local];
        // One within another of its own kind means that the end of the first is missing.
        if (kind && (!entry || local === entryElement)) {
          finishEntry();
          entry = { kind, url: "" };
          entryElement = local;
        } else if (entry && local === "link" && isInEntry()) takeAtomLink(entry, attributes);
      },
      ontext(piece) {
        if (entry && text.length <= maxText) text += piece;
      },
      onclosetag(name) {
        const local = localName(name);
        if (local === entryElement) finishEntry();
        else if (entry && isInEntry()) takeText(entry, local, text.trim());
        if (depth <= maxOpen) open.pop();
        depth -= 1;
        text = "";
      },
    },
    { xmlMode: true, decodeEntities: true },
  );

  function finishEntry(): void {
    if (entry && entry.url !== "") entries.push(entry);
    entry = undefined;
    entryElement = "";
  }

  /** Whether the element at hand is a child of the entry itself: an image of a page has a `loc` of its own. */
  function isInEntry(): boolean {
    return depth <= maxOpen && entryElements[open.at(-2) ?? ""] !== undefined;
  }

  return {
    write(piece) {
      entries = [];
      parser.write(piece);
      return entries;
    },
    get fault() {
      return fault;
    },
  };
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1).toLowerCase();
}

function takeText(entry: SitemapEntry, element: string, text: string): void {
  if (text === "") return;
  if (element === "loc" || (element === "link" && entry.url === "")) entry.url = text;
  else if (element === "lastmod" || element === "pubdate" || element === "updated") entry.lastModified = text;
  else if (element === "date") entry.lastModified ??= text;
  else if (element === "priority") entry.priority = text;
}

function takeAtomLink(entry: SitemapEntry, { href, rel }: Record<string, string>): void {
  if (href !== undefined && (rel === undefined || rel === "alternate") && entry.url === "") entry.url = href.trim();
}
