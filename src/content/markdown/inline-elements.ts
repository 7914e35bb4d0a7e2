import { attribute, type Element, findElement, hasClass, isElement, lineOf, textOf } from "../dom.ts";
import { codeText } from "./code.ts";
import { writeChildren, writeNode } from "./elements.ts";
import { bracketedLabel, footnoteLabel, isBackReference } from "./footnotes.ts";
import { labelOf, writeImage, writePicture, writePlayer } from "./media.ts";
import { flush, type Page } from "./page.ts";
import { destination, linkTitle } from "./urls.ts";
import { isPermalink } from "./visibility.ts";

export const strongFormat = { kind: "strong", open: "**", close: "**", tag: "strong" };
export const emFormat = { kind: "em", open: "*", close: "*", tag: "em" };
export const delFormat = { kind: "del", open: "~~", close: "~~", tag: "del" };
const tagged = new Map(
  ["sub", "sup", "kbd", "mark", "ins"].map((name) => [name, { kind: name, open: `<${name}>`, close: `</${name}>` }]),
);

export function writeInlineElement(page: Page, element: Element): void {
  const { inline } = page;
  switch (element.name) {
    case "b":
    case "strong":
      writeFormat(page, element, strongFormat);
      return;
    case "i":
    case "em":
    case "var":
    case "dfn":
      writeFormat(page, element, emFormat);
      return;
    case "cite":
      writeCite(page, element);
      return;
    case "del":
    case "s":
    case "strike":
      writeFormat(page, element, delFormat);
      return;
    case "sub":
    case "sup":
    case "kbd":
    case "mark":
    case "ins":
      writeTagged(page, element);
      return;
    case "code":
    case "tt":
    case "samp":
      writeCode(page, element);
      return;
    case "a":
      writeLink(page, element);
      return;
    case "br":
      if (inline.hasPendingBreak() && page.headingMark === "" && !page.blocks.isInCell) {
        flush(page);
        return;
      }
      inline.break();
      return;
    case "img":
      writeImage(page, element);
      return;
    case "picture":
      if (writePicture(page, element)) return;
      break;
    case "video":
    case "audio":
    case "iframe":
    case "embed":
    case "lite-youtube":
      writePlayer(page, element);
      return;
    case "object":
      if (lineOf(element, 100) === "" && !findElement(element, "img")) writePlayer(page, element);
      else writeChildren(page, element);
      return;
    case "q":
      inline.raw('"');
      writeChildren(page, element);
      inline.raw('"');
      return;
    case "abbr":
      writeAbbreviation(page, element);
      return;
    case "ruby":
      writeRuby(page, element);
      return;
  }
  writeChildren(page, element);
}

/** Who is quoted stands on a line of its own; a source whose title is italic is not so as a whole. */
function writeCite(page: Page, element: Element): void {
  const { parent } = element;
  const isAttribution =
    parent?.name === "blockquote" || (parent?.name === "div" && parent.parent?.name === "blockquote");
  if (isAttribution) flush(page);
  if (element.children.some((child) => isElement(child) && (child.name === "i" || child.name === "em")))
    writeChildren(page, element);
  else writeFormat(page, element, emFormat);
  if (isAttribution) flush(page);
}

function writeFormat(page: Page, element: Element, format: typeof strongFormat): void {
  if (format === strongFormat && page.headingMark !== "") {
    writeChildren(page, element);
    return;
  }
  page.inline.begin(format);
  writeChildren(page, element);
  page.inline.end();
}

function writeTagged(page: Page, element: Element): void {
  const format = tagged.get(element.name);
  const label = element.name === "sup" ? bracketedLabel(page.landmarks, element) : undefined;
  if (label !== undefined) {
    page.inline.raw(`[^${label}]`);
    return;
  }
  if (format) page.inline.begin(format);
  writeChildren(page, element);
  if (format) page.inline.end();
}

function writeCode(page: Page, element: Element): void {
  const only = element.children.length === 1 ? element.children[0] : undefined;
  if (element.children.some((child) => isElement(child) && child.name === "pre")) {
    writeChildren(page, element);
    return;
  }
  if (only?.type !== "element" || only.name !== "a") {
    writeCodeLines(page, element);
    return;
  }
  const url = linkUrl(page, only);
  if (url === undefined) {
    page.inline.code(codeText(element));
    return;
  }
  page.inline.begin(linkFormat(url, only));
  page.inline.code(codeText(only));
  page.inline.end();
}

function writeCodeLines(page: Page, element: Element): void {
  if (!element.children.some((child) => isElement(child) && child.name === "br")) {
    page.inline.code(codeText(element));
    return;
  }
  let line: Element = { ...element, children: [] };
  for (const child of element.children) {
    if (!isElement(child) || child.name !== "br") {
      line.children.push(child);
      continue;
    }
    page.inline.code(codeText(line));
    page.inline.break();
    line = { ...element, children: [] };
  }
  page.inline.code(codeText(line));
}

function writeLink(page: Page, link: Element): void {
  const label = footnoteLabel(page.landmarks, link);
  if (label !== undefined) {
    page.inline.raw(`[^${label}]`);
    return;
  }
  if (isPermalink(link, page.headingMark !== "") || isBackReference(link)) return;
  const href = attribute(link, "href");
  const isSelfLink = href?.startsWith("#") && (page.headingMark !== "" || hasClass(link, "permalink"));
  const url = isSelfLink ? undefined : linkUrl(page, link);
  if (url === undefined) {
    writeChildren(page, link);
    return;
  }
  page.inline.begin(linkFormat(url, link));
  writeChildren(page, link);
  if (link.children.every((child) => child.type === "element" && child.name === "svg")) page.inline.text(labelOf(link));
  page.inline.end();
}

function linkUrl(page: Page, link: Element): string | undefined {
  const href = page.hasLinks ? attribute(link, "href")?.trim() : undefined;
  // A bare number sign is a button of the page's script.
  return href && href !== "#" ? page.resolve(href) : undefined;
}

function linkFormat(url: string, link: Element) {
  // Sphinx gives each cross-reference a title that repeats where it leads.
  const title = hasClass(link, "reference") ? undefined : attribute(link, "title");
  return { kind: "link", open: "[", close: `](${destination(url)}${linkTitle(title)})` };
}

function writeAbbreviation(page: Page, element: Element): void {
  writeChildren(page, element);
  const title = attribute(element, "title")?.replace(/\s+/g, " ").trim() ?? "";
  const short = lineOf(element);
  if (title.length <= short.length || short.length > 12 || !/\p{L}/u.test(title) || page.explained.has(short)) return;
  page.explained.add(short);
  page.inline.text(` (${title})`);
}

function writeRuby(page: Page, ruby: Element): void {
  let isInParentheses = false;
  for (const child of ruby.children) {
    const name = isElement(child) ? child.name : "";
    if ((name !== "rt" && name !== "rtc") || isInParentheses || textOf(child).trim() === "") writeNode(page, child);
    else {
      page.inline.text("(");
      writeNode(page, child);
      page.inline.text(")");
    }
    isInParentheses = name === "rp";
  }
}
