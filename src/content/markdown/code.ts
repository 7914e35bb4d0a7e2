import { attribute, type Element, hasClass, type Node } from "../dom.ts";
import { codeLanguage } from "./code-language.ts";

const gutterClass =
  /(?:^|\s)(?:linenos?|linenodiv|line-?numbers?(?:-rows|-wrapper)?|lineno|lnt?|gutter|gl|rouge-gutter|hljs-ln-numbers|react-syntax-highlighter-line-number|highlight-line-number|codeLineNumber\w*|blob-num|crayon-(?:nums|num|toolbar|info|plain-wrap)|CodeMirror-(?:gutter-wrapper|measure|linenumber|cursors?)|cm-(?:gutters|announced|panels|cursorLayer|selectionLayer)|margin|ace_gutter|enlighter-(?:toolbar|raw)|copy-?(?:btn|button)|copybtn|btn-copy|clipboard-copy|toolbar|code-lang|codeblock-button|buttonGroup\w*|user-select-none|select-none|md-code__nav)(?:\s|$)/;
const unselectable = /user-select\s{0,9}:\s{0,9}none/i;
const lineNames = new Set(["div", "p", "li", "tr", "pre", "ol", "ul"]);
const lineClass = /(?:^|[\s_-])(?:code)?-?line(?:\b|_)/i;
const dropped = new Set(["button", "style", "script", "svg", "select", "textarea"]);

/** A fenced block as lines, or none when the element holds no code. */
export function codeBlock(pre: Element): string[] {
  const text = codeText(pre)
    .replace(/^(?:[ \t]*\n)+/, "")
    .trimEnd();
  if (text === "") return [];
  const fence = fenceFor(text);
  return [fence + codeLanguage(pre), ...text.replaceAll("\u00a0", " ").split("\n"), fence];
}

/** Inline code, with enough back-ticks around it for those that are in it. */
export function codeSpan(text: string): string {
  if (!text.includes("`")) return `\`${text}\``;
  let longest = 0;
  for (const run of text.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  const pad = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}

/** Code as written: without line numbers, prompts that can't be selected, and buttons. */
export function codeText(pre: Element): string {
  const parts: string[] = [];
  collect(pre, parts);
  return parts.join("");
}

function collect(element: Element, parts: string[]): void {
  const { children } = element;
  for (let at = 0; at < children.length; at++) {
    const child = children[at];
    if (!child) continue;
    if (child.type === "text") {
      if (child.text !== "") parts.push(child.text);
      continue;
    }
    if (child.name === "br") parts.push("\n");
    if (child.attributes.length > 0 ? isGutter(child) : dropped.has(child.name)) continue;
    const before = parts.length;
    collect(child, parts);
    if (endsLine(child, children[at + 1], parts.length === before) && !endsInFeed(parts, before)) parts.push("\n");
  }
}

/** A line without text ends in a line feed of its own, others only where the code does not have it yet. */
function endsInFeed(parts: readonly string[], before: number): boolean {
  return parts.length > before && parts.at(-1)?.endsWith("\n") === true;
}

function endsLine(element: Element, next: Node | undefined, isEmpty: boolean): boolean {
  if (lineNames.has(element.name)) {
    return !isEmpty || element.name === "tr" || element.name === "li" || lineClass.test(namesOf(element));
  }
  if (element.name !== "span" || next?.type !== "element" || next.name !== "span") return false;
  return isLineSpan(element) && isLineSpan(next);
}

/** Highlighters put each line into a span; with a line feed between them, or none where the style breaks the lines. */
function isLineSpan(span: Element): boolean {
  return span.attributes.length > 0 && (lineClass.test(namesOf(span)) || attribute(span, "data-line") !== undefined);
}

function namesOf(element: Element): string {
  return (element.attributes.length > 0 ? attribute(element, "class") : undefined)?.slice(0, 300) ?? "";
}

function isGutter(element: Element): boolean {
  if (dropped.has(element.name)) return true;
  if (element.name === "code") return hasClass(element, "lineno");
  const { attributes } = element;
  for (let at = 0; at < attributes.length; at += 2) {
    const value = attributes[at + 1] ?? "";
    if (value.length > 2000) continue;
    if (attributes[at] === "class" && gutterClass.test(value)) return true;
    if (attributes[at] === "style" && unselectable.test(value)) return true;
  }
  return false;
}

/** Longer than any fence in the text. Runs in the middle of a line can't end a block, yet counting all costs less. */
function fenceFor(text: string): string {
  if (!text.includes("```")) return "```";
  let longest = 0;
  for (const run of text.match(/`{3,}/g) ?? []) longest = Math.max(longest, run.length);
  return "`".repeat(longest + 1);
}
