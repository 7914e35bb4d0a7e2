import { attribute, type Element, findElement, hasClass, isElement, lineOf, textOf, walk } from "../dom.ts";

export type Formula = { tex: string; isBlock: boolean };

/** The formula an element stands for, when it is one: KaTeX, MathJax, MathML, Sphinx, Pandoc, MediaWiki. */
export function findFormula(element: Element): Formula | undefined {
  if (element.name === "script") return fromScript(element);
  if (element.name === "math") return fromMathMl(element, attribute(element, "display") === "block");
  if (element.name === "mjx-container") {
    const math = findElement(element, "math");
    return math && fromMathMl(math, attribute(element, "display") === "true");
  }
  const names = attribute(element, "class");
  if (!names || !/math|katex|mwe|arithmatex/i.test(names.slice(0, 500))) return undefined;
  if (hasClass(element, "katex") || hasClass(element, "katex-display") || hasClass(element, "mwe-math-element")) {
    const math = findElement(element, "math");
    const isBlock = hasClass(element, "katex-display") || hasClass(element, "mwe-math-element-block");
    return math && fromMathMl(math, isBlock || attribute(math, "display") === "block");
  }
  if (/(?:^|\s)(?:math|arithmatex)(?:\s|$)/.test(names.slice(0, 500))) {
    // Anything inside would be a formula drawn already; and looking into nested ones again and again is not linear.
    return element.children.some(isElement) ? undefined : fromDelimiters(textOf(element).trim());
  }
  return undefined;
}

/** What MathJax 2 drew from a `<script type="math/tex">` that stands beside it. */
export function isDrawnFormula(element: Element): boolean {
  const names = attribute(element, "class");
  return (
    names !== undefined && /(?:^|\s)(?:MathJax(?:_Display|_CHTML|_SVG|_Preview)?|MJXc-display)(?:\s|$)/.test(names)
  );
}

function fromScript(element: Element): Formula | undefined {
  const type = attribute(element, "type") ?? "";
  if (!type.startsWith("math/tex")) return undefined;
  return formula(textOf(element), type.includes("display"));
}

function fromDelimiters(text: string): Formula | undefined {
  if (text.startsWith("\\(") && text.endsWith("\\)")) return formula(text.slice(2, -2), false);
  if (text.startsWith("\\[") && text.endsWith("\\]")) return formula(text.slice(2, -2), true);
  if (text.startsWith("$$") && text.endsWith("$$") && text.length > 4) return formula(text.slice(2, -2), true);
  return undefined;
}

function fromMathMl(math: Element, isBlock: boolean): Formula | undefined {
  let tex: string | undefined;
  walk(math, (element) => {
    if (element.name === "annotation" && /tex/i.test(attribute(element, "encoding") ?? "")) tex ??= textOf(element);
    return undefined;
  });
  return formula(tex ?? attribute(math, "alttext") ?? toTex(math), isBlock);
}

function formula(source: string, isBlock: boolean): Formula | undefined {
  let tex = source.trim();
  const styled = /^\{\\(?:displaystyle|textstyle)\s([\s\S]*)\}$/.exec(tex);
  if (styled?.[1]) tex = styled[1].trim();
  return tex === "" ? undefined : { tex, isBlock };
}

const scripted: Record<string, readonly string[]> = {
  msup: ["^"],
  msub: ["_"],
  msubsup: ["_", "^"],
  munderover: ["_", "^"],
  munder: ["_"],
  mover: ["^"],
};

/** Presentation MathML as plain LaTeX: fractions, roots and scripts; symbols stay the characters they are. */
function toTex(element: Element): string {
  const children = element.children.filter(isElement).filter(({ name }) => !name.startsWith("annotation"));
  const inner = () => children.map(toTex).join("");
  const part = (at: number) => (children[at] ? toTex(children[at]) : "");
  const group = (at: number) => (part(at).length === 1 ? part(at) : `{${part(at)}}`);
  const scripts = scripted[element.name];
  if (scripts)
    return group(0).replace(/^\{(\\?\w+)\}$/, "$1") + scripts.map((mark, at) => mark + group(at + 1)).join("");
  if (element.name === "mfrac") return `\\frac{${part(0)}}{${part(1)}}`;
  if (element.name === "msqrt") return `\\sqrt{${inner()}}`;
  if (element.name === "mroot") return `\\sqrt[${part(1)}]{${part(0)}}`;
  if (element.name === "mtext") return `\\text{${lineOf(element)}}`;
  if (element.name === "mspace") return " ";
  if (children.length > 0) return inner();
  const text = lineOf(element).replace(/[\u2061-\u2064]/g, "");
  return element.name === "mi" && text.length > 1 ? `\\mathrm{${text}}` : text;
}
