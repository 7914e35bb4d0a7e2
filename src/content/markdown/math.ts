import { attribute, type Element, findElement, hasClass, isElement, lineOf, parseHtml, textOf, walk } from "../dom.ts";
import { toTex } from "./mathml.ts";

export type Formula = { tex: string; isBlock: boolean };

/** Formulas in text that is no longer than this are looked for. */
const maxSourceLength = 20_000;
/** Elements of MathML; what is larger is written as its text. */
const maxMathSize = 5000;

/** The formula an element stands for: KaTeX, MathJax, MathML, Sphinx, Pandoc, MediaWiki, Stack Exchange, GitHub. */
export function findFormula(element: Element): Formula | undefined {
  switch (element.name) {
    case "script":
      return fromScript(element);
    case "math":
      return fromMathMl(element, attribute(element, "display") === "block");
    case "mjx-container": {
      const math = findElement(element, "math");
      return math && fromMathMl(math, attribute(element, "display") === "true");
    }
    case "math-renderer":
      return fromDelimiters(textOf(element, maxSourceLength).trim(), hasClass(element, "js-display-math"));
    case "img":
      return fromImage(element);
  }
  const names = attribute(element, "class")?.slice(0, 500);
  if (!names) return undefined;
  if (hasClass(element, "katex") || hasClass(element, "katex-display") || hasClass(element, "mwe-math-element")) {
    const math = findElement(element, "math");
    const isBlock = hasClass(element, "katex-display") || hasClass(element, "mwe-math-element-block");
    if (math) return fromMathMl(math, isBlock || attribute(math, "display") === "block");
    const image = findElement(element, "img");
    return image && fromImage(image);
  }
  if (/(?:^|\s)(?:math|arithmatex|math-container|math-inline|math-display|stemblock|tex|latex)(?:\s|$)/.test(names)) {
    const image = onlyImage(element, 2);
    if (image) return fromImage(image, true);
    // Anything inside would be a formula drawn already; and looking into nested ones again and again is not linear.
    if (element.children.some(isElement)) return undefined;
    const text = textOf(element).trim();
    return fromDelimiters(text, element.name === "div" || names.includes("display"));
  }
  return undefined;
}

/** What MathJax 2 drew, where its source is not in a `<script type="math/tex">` besides. */
export function fromDrawing(element: Element): Formula | undefined {
  const source = attribute(element, "data-mathml");
  if (!source || source.length > maxSourceLength) return undefined;
  const math = findElement(parseHtml(source).root, "math");
  return math && fromMathMl(math, attribute(math, "display") === "block");
}

function onlyImage(element: Element, depth: number): Element | undefined {
  const [only] = element.children;
  if (element.children.length !== 1 || only?.type !== "element") return undefined;
  if (only.name === "img") return only;
  return only.name === "p" && depth > 1 ? onlyImage(only, depth - 1) : undefined;
}

function fromScript(element: Element): Formula | undefined {
  const type = attribute(element, "type") ?? "";
  if (!type.startsWith("math/tex")) return undefined;
  return formula(textOf(element), type.includes("display"));
}

/** WordPress, Sphinx and MediaWiki may draw a formula as an image that is described by its source. */
function fromImage(image: Element, isFormula = false): Formula | undefined {
  const names = attribute(image, "class")?.slice(0, 300) ?? "";
  if (!isFormula && !/(?:^|\s)(?:latex|tex|math|ql-img-inline-formula|mwe-math-fallback-image-\w+)(?:\s|$)/.test(names))
    return undefined;
  const alt = attribute(image, "alt") ?? "";
  if (alt === "" || alt.length > maxSourceLength) return undefined;
  return formula(alt.replace(/^\$\$?|\$\$?$/g, ""), isFormula || names.includes("display"));
}

function fromDelimiters(text: string, isBlock: boolean): Formula | undefined {
  if (text.startsWith("\\(") && text.endsWith("\\)")) return formula(text.slice(2, -2), false);
  if (text.startsWith("\\[") && text.endsWith("\\]")) return formula(text.slice(2, -2), true);
  if (text.startsWith("$$") && text.endsWith("$$") && text.length > 4) return formula(text.slice(2, -2), true);
  if (text.startsWith("\\$") && text.endsWith("\\$") && text.length > 4) return formula(text.slice(2, -2), isBlock);
  if (text.startsWith("$") && text.endsWith("$") && text.length > 2) return formula(text.slice(1, -1), isBlock);
  return undefined;
}

function fromMathMl(math: Element, isBlock: boolean): Formula | undefined {
  let tex: string | undefined;
  let size = 0;
  walk(math, (element) => {
    size++;
    if (element.name === "annotation" && /tex/i.test(attribute(element, "encoding") ?? "")) tex ??= textOf(element);
    return undefined;
  });
  return formula(tex ?? attribute(math, "alttext") ?? (size > maxMathSize ? lineOf(math) : toTex(math)), isBlock);
}

function formula(source: string, isBlock: boolean): Formula | undefined {
  let tex = source.trim();
  const styled = /^\{\\(?:displaystyle|textstyle)\s([\s\S]*)\}$/.exec(tex);
  if (styled?.[1]) tex = styled[1].trim();
  return tex === "" ? undefined : { tex, isBlock };
}

const delimited =
  /\\\(((?:[^\\]|\\[^()[\]]){1,500}?)\\\)|\\\[((?:[^\\]|\\[^()[\]]){1,500}?)\\\]|\$\$([^$]{1,500})\$\$|\$(?![\s$])([^$\n]{1,300})\$(?!\d)/g;

export type TextPart = string | Formula;

/**
 * Formulas that stand in the text between delimiters, to be drawn by a script of the page; `undefined` when there are
 * none.
 */
export function splitFormulas(text: string): TextPart[] | undefined {
  if (text.length > maxSourceLength) return undefined;
  const parts: TextPart[] = [];
  let from = 0;
  for (const found of text.matchAll(delimited)) {
    const [whole, inline, display, dollars, dollar] = found;
    if (dollars !== undefined && !/[\\^_={}]/.test(dollars)) continue;
    // Prices have dollars too: what has no mark of TeX in it is text, as is what ends in a space (as Pandoc has it).
    if (dollar !== undefined && (!/\\[a-zA-Z]|[\^_]/.test(dollar) || dollar.endsWith(" "))) continue;
    const source = formula(inline ?? dollar ?? display ?? dollars ?? "", inline === undefined && dollar === undefined);
    if (!source || /\n\s*\n/.test(source.tex)) continue;
    parts.push(text.slice(from, found.index), source);
    from = found.index + whole.length;
  }
  if (from === 0) return undefined;
  parts.push(text.slice(from));
  return parts;
}
