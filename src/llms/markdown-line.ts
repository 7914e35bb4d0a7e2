import { onOneLine } from "./page-titles.ts";

/**
 * A text as one line of Markdown that shows it as it is. Underscores within a word need no escape, and identifiers are
 * easier to read without one.
 */
export function writeText(text: string): string {
  return escapeText(onOneLine(text)).replace(/[[\]]/g, "\\$&");
}

/** The same at the beginning of a block, where some characters would make it another one. */
export function writeParagraph(text: string): string {
  return writeText(text).replace(/^[#>+=~-]|(?<=^\d{1,9})[.)]/, "\\$&");
}

/** A heading's text, after its marks; signs at its end would be taken for closing ones. */
export function writeHeading(text: string): string {
  return writeText(text).replace(/#$/, "\\#");
}

/**
 * A link. Its text has round brackets for square ones, and its URL codes for round ones: the specification's own parser reads
 * up to the first of these, escaped or not, and gives up the whole file otherwise.
 */
export function writeLink(text: string, url: string): string {
  const label = escapeText(onOneLine(text).replaceAll("[", "(").replaceAll("]", ")"));
  return `[${label}](${url.replace(/[()<>\\\s]/g, (character) => CODES[character] ?? encodeURIComponent(character))})`;
}

const CODES: Record<string, string> = { "(": "%28", ")": "%29" };

function escapeText(text: string): string {
  return text
    .replace(/\\(?=[!-/:-@[-`{-~]|$)/g, "\\\\")
    .replace(/[*`]/g, "\\$&")
    .replace(/~~/g, "\\~\\~")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .replace(/<(?=[a-z/!?])/gi, "\\<")
    .replace(/&(?=#?[a-z\d]{1,32};)/gi, "\\&");
}
