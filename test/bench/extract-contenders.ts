import { Readability } from "@mozilla/readability";
import { extractContent } from "@wrtnlabs/web-content-extractor";
import { Defuddle } from "defuddle/node";
import { Parser } from "htmlparser2";
import { parseHTML } from "linkedom";
import { htmlToMarkdown } from "mdream";
import { toPlainText } from "../../src/content/plain-text.ts";
import { toDocument } from "../../src/content/to-document.ts";
import type { FoldModels } from "../training/fold-models.ts";

export type ExtractInput = { id: string; url: string; html: Uint8Array<ArrayBuffer> };

/** What came of a page; `textOf` makes text of it once its time has been taken. */
export type Extracted = { markdown?: string; html?: string; text?: string };

export type Contender = (input: ExtractInput, models?: FoldModels) => Extracted | Promise<Extracted>;

/**
 * Ours does all that a crawl does with a page, Markdown included; of the others it is the best of what npm has for the
 * main content, each as its documentation recommends.
 */
export const contenders = {
  orbweaver: ({ id, url, html }, models) => ({
    markdown: toDocument({ url, body: html, contentType: "text/html" }, models?.of({ id, url })).markdown,
  }),
  readability({ html }) {
    const { document } = parseHTML(decode(html));
    return { html: new Readability(document).parse()?.content ?? "" };
  },
  async defuddle({ url, html }) {
    const { document } = parseHTML(decode(html));
    return { html: (await Defuddle(document, url)).content };
  },
  "web-content-extractor": ({ html }) => ({ text: extractContent(decode(html)).content }),
  // A converter, but with a mode that looks for the main content.
  mdream: ({ url, html }) => ({
    markdown: htmlToMarkdown(decode(html), { origin: URL.parse(url)?.origin, minimal: true, frontmatter: false }),
  }),
} satisfies Record<string, Contender>;

export type ContenderName = keyof typeof contenders;

/** The same plain text for all who give Markdown, and for all who give HTML. */
export function textOf({ markdown, html, text }: Extracted): string {
  if (markdown !== undefined) return toPlainText(markdown);
  return html === undefined ? (text ?? "") : textOfHtml(html);
}

/** Marks taken away by patterns, as whoever has no Markdown renderer would. */
export function textOfMarksRemoved(markdown: string): string {
  return markdown
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^[ \t]*(?:#{1,6}|[-*+>])[ \t]+/gm, "")
    .replace(/[*_`~|]/g, " ");
}

const INLINE = new Set(
  "a abbr b bdi bdo cite code data del dfn em font i ins kbd mark q rp rt ruby s samp small span strong sub sup time tt u var wbr".split(
    " ",
  ),
);

function textOfHtml(html: string): string {
  let text = "";
  const breakAt = (name: string) => {
    if (!INLINE.has(name)) text += "\n";
  };
  const parser = new Parser({ onopentagname: breakAt, onclosetag: breakAt, ontext: (part) => (text += part) });
  parser.end(html);
  return text;
}

function decode(html: Uint8Array): string {
  return new TextDecoder().decode(html);
}
