import { attribute, classNames, type Element, walk } from "../dom.ts";

const gutterClass =
  /(?:^|\s)(?:linenos?|linenodiv|line-?numbers?(?:-rows)?|lineno|ln|lnt|gutter|gl|rouge-gutter|hljs-ln-numbers|react-syntax-highlighter-line-number|blob-num|copy-?(?:btn|button)|copybtn|btn-copy|clipboard-copy|toolbar|code-lang|codeblock-button|buttonGroup\w*)(?:\s|$)/;
const unselectable = /user-select\s{0,9}:\s{0,9}none/i;
const lineNames = new Set(["div", "p", "li", "tr"]);
const dropped = new Set(["button", "style", "script", "svg", "select", "textarea"]);

/** A fenced block as lines, or none when the element holds no code. */
export function codeBlock(pre: Element): string[] {
  const text = codeText(pre)
    .replace(/^(?:[ \t]*\n)+/, "")
    .trimEnd();
  if (text === "") return [];
  const fence = fenceFor(text);
  return [fence + codeLanguage(pre), ...text.split("\n"), fence];
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
  for (const child of element.children) {
    if (child.type === "text") {
      if (child.text !== "") parts.push(child.text);
      continue;
    }
    if (child.name === "br") parts.push("\n");
    if (child.attributes.length > 0 ? isGutter(child) : dropped.has(child.name)) continue;
    collect(child, parts);
    if (lineNames.has(child.name) && !parts.at(-1)?.endsWith("\n")) parts.push("\n");
  }
}

function isGutter(element: Element): boolean {
  if (dropped.has(element.name)) return true;
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

const prefixes = ["language-", "lang-", "highlight-source-", "highlight-text-", "highlight-", "brush:", "sourceCode-"];
const noLanguage = new Set([
  "default",
  "none",
  "plain",
  "plaintext",
  "text",
  "txt",
  "nohighlight",
  "no-highlight",
  "source",
]);
const aliases: Record<string, string> = {
  python3: "python",
  "html-basic": "html",
  ipython3: "python",
  pycon3: "pycon",
  "shell-session": "console",
};
const bareMarkers = new Set([
  "hljs",
  "highlight",
  "sourceCode",
  "chroma",
  "codehilite",
  "prettyprint",
  "src",
  "listing-block",
]);
const notLanguages = new Set([
  ...bareMarkers,
  ..."notranslate literal-block numberLines line-numbers code code-block linenums wrap copy highlighted shiki prism".split(
    " ",
  ),
]);

/** From the class names of the block, its `<code>`, and the wrappers that highlighters put around it. */
export function codeLanguage(pre: Element): string {
  // A table of code has a column of numbers before it.
  let own = languageOf(pre);
  let looked = 0;
  walk(pre, (element) => {
    if (element.name === "code" || element.name === "pre") own ??= languageOf(element);
    return own === undefined && ++looked < 20;
  });
  if (own !== undefined) return own;
  let above = pre.parent;
  for (let levels = 0; above && levels < 4 && above.name !== "body"; levels++) {
    // A wrapper's class speaks for what it wraps, not for prose beside it.
    if (above.children.length > 6 && levels > 0) break;
    const found = languageOf(above);
    if (found !== undefined) return found;
    above = above.parent;
  }
  return "";
}

function languageOf(element: Element): string | undefined {
  const given = attribute(element, "data-lang") ?? attribute(element, "data-language");
  if (given) return clean(given);
  const names = classNames(element);
  for (const [at, name] of names.entries()) {
    if (name === "brush:" && names[at + 1]) return clean(names[at + 1] ?? "");
    for (const prefix of prefixes) {
      if (name.startsWith(prefix) && name.length > prefix.length) return clean(name.slice(prefix.length));
    }
  }
  const isMarked = names.some((name) => bareMarkers.has(name));
  if (!isMarked || (element.name !== "code" && element.name !== "pre" && element.name !== "figure")) return undefined;
  const bare = names.find(
    (name) => !notLanguages.has(name) && /^[a-z][a-z\d+#-]{0,19}$/.test(name) && !/^(?:hljs|src)-/.test(name),
  );
  const org = names.find((name) => name.startsWith("src-"));
  return org ? clean(org.slice(4)) : bare && clean(bare);
}

function clean(value: string): string {
  const name = value.trim().toLowerCase().replace(/;.*$/, "");
  if (noLanguage.has(name) || !/^[a-z\d][\w+#./-]{0,29}$/.test(name)) return "";
  return aliases[name] ?? name;
}
