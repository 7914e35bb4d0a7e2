import { proseRanges } from "./scan.ts";

export type RenderedDocument = { title: string | null; language: string | null; url: string };

/** Tags that the Markdown we write may hold; they come back as tags, without attributes, everything else as text. */
const restoredTag = /&lt;(\/?(?:sub|sup|kbd|mark|ins|del|strong|em|code|br))&gt;/;
const part = new RegExp(
  [
    // Code is passed over: what looks like a tag there is text.
    "<pre>[^]*?</pre>",
    "<code>[^]*?</code>",
    '<(a href|img src)="([^"]*)"',
    restoredTag.source,
    // With raw HTML switched off the renderer takes no autolinks either.
    "&lt;((?:https?:|mailto:)[^\\s<>&]*(?:&amp;[^\\s<>&]*)*)&gt;",
  ].join("|"),
  "g",
);
const safeSchemes = new Set(["http:", "https:", "mailto:", "tel:"]);

/** A standalone page of a Markdown document from anywhere: no raw HTML, no scripts, no URLs that run or carry data. */
export function toHtml(markdown: string, document: RenderedDocument): string {
  const title = escapeHtml(document.title ?? document.url);
  const language =
    document.language && /^[a-z\d-]{1,35}$/i.test(document.language) ? ` lang="${document.language}"` : "";
  const canonical = isSafe(document.url) ? `<link rel="canonical" href="${escapeHtml(document.url)}">\n` : "";
  return (
    `<!doctype html>\n<html${language}>\n<head>\n<meta charset="utf-8">\n` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">\n` +
    `<title>${title}</title>\n${canonical}</head>\n<body>\n${renderBody(markdown)}</body>\n</html>\n`
  );
}

function renderBody(markdown: string): string {
  const html = Bun.markdown.html(keepFootnotes(markdown), {
    noHtmlBlocks: true,
    noHtmlSpans: true,
    tables: true,
    strikethrough: true,
    tasklists: true,
  });
  const open: string[] = [];
  return html.replace(part, (whole, target?: string, url?: string, tag?: string, autolink?: string) => {
    if (target !== undefined && url !== undefined) {
      return isSafe(decodeAttribute(url)) ? whole : `<${target.slice(0, target.indexOf(" "))}`;
    }
    if (tag !== undefined) return restoreTag(tag, open, whole);
    if (autolink !== undefined) return `<a href="${escapeAttribute(autolink)}">${autolink}</a>`;
    return whole;
  });
}

/** An end tag only after its start, so that text with a stray one can't end the page's own elements. */
function restoreTag(tag: string, open: string[], whole: string): string {
  if (tag === "br") return "<br>";
  if (!tag.startsWith("/")) {
    if (open.length >= 16) return whole;
    open.push(tag);
    return `<${tag}>`;
  }
  if (open.at(-1) !== tag.slice(1)) return whole;
  open.pop();
  return `<${tag}>`;
}

/** The renderer knows no footnotes and would read `[^1]: word` as a link's definition. */
function keepFootnotes(markdown: string): string {
  if (!markdown.includes("[^")) return markdown;
  let out = "";
  let from = 0;
  for (const { start, end } of proseRanges(markdown)) {
    out += markdown.slice(from, start) + markdown.slice(start, end).replace(/^([ \t>]{0,64})\[\^/gm, "$1\\[^");
    from = end;
  }
  return out + markdown.slice(from);
}

/** Fails closed: what does not parse, or is of another scheme, is no link. Relative references are. */
function isSafe(url: string): boolean {
  // Browsers drop control characters and white space before they look for the scheme.
  const plain = withoutControls(url);
  if (!/[:&]/.test(plain)) return true;
  const scheme = /^([a-z][a-z\d+.-]*):/i.exec(plain)?.[1];
  if (scheme !== undefined) return safeSchemes.has(`${scheme.toLowerCase()}:`);
  // A colon after a slash, a query or a fragment begins no scheme; an undecoded entity might hide one.
  const colon = plain.search(/[:&]/);
  const before = plain.search(/[/?#]/);
  return before >= 0 && before < colon;
}

function withoutControls(url: string): string {
  let out = "";
  for (const char of url) if (char > " " && char !== "\u007f" && char.trim() !== "") out += char;
  return out;
}

const entities: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  colon: ":",
  Tab: "\t",
  NewLine: "\n",
  sol: "/",
};

/** As a browser reads an attribute, as far as a scheme can hide in it. */
function decodeAttribute(value: string): string {
  if (!value.includes("&")) return value;
  return value.replace(/&(?:#(\d{1,9});?|#[xX]([\da-fA-F]{1,8});?|([a-zA-Z]{2,31});)/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** For text the renderer escaped already: quotes are what is left. */
function escapeAttribute(text: string): string {
  return text.replace(/["'`]/g, (char) => `&#${char.charCodeAt(0)};`);
}
