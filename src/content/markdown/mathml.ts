import { attribute, type Element, isElement, lineOf } from "../dom.ts";
import { accents, functions, symbols } from "./tex-symbols.ts";

const scripted: Record<string, readonly string[]> = {
  msup: ["^"],
  msub: ["_"],
  msubsup: ["_", "^"],
  munderover: ["_", "^"],
  munder: ["_"],
  mover: ["^"],
};
const variants: Record<string, string> = {
  bold: "mathbf",
  "bold-italic": "boldsymbol",
  "double-struck": "mathbb",
  script: "mathcal",
  fraktur: "mathfrak",
  "sans-serif": "mathsf",
  monospace: "mathtt",
  normal: "mathrm",
};

/** Presentation MathML (MathML Core) as LaTeX. */
export function toTex(math: Element): string {
  return rowOf(partsOf(math).map(write))
    .replace(/ {2,}/g, " ")
    .replace(/(\\[a-zA-Z]{1,30}) (?=[})^_,])/g, "$1")
    .trim();
}

function partsOf(element: Element): Element[] {
  return element.children.filter(isElement).filter(({ name }) => !name.startsWith("annotation"));
}

/** A command ends where a letter does not follow it. */
function rowOf(parts: readonly string[]): string {
  let row = "";
  let last = "";
  for (const part of parts) {
    if (part === "") continue;
    row += /\\[a-zA-Z]{1,30}$/.test(last.slice(-32)) && /^[a-zA-Z]/.test(part) ? ` ${part}` : part;
    last = part;
  }
  return row;
}

function inner(element: Element): string {
  return rowOf(partsOf(element).map(write));
}

function group(element: Element | undefined): string {
  const tex = element ? write(element).trim() : "";
  return tex.length === 1 ? tex : `{${tex}}`;
}

function write(element: Element): string {
  const parts = partsOf(element);
  const [first, second] = parts;
  switch (element.name) {
    case "mi":
      return identifier(element);
    case "mo":
      return operator(lineOf(element));
    case "mn":
      return toSymbols(lineOf(element));
    case "mtext":
    case "ms":
      return textOf(element);
    case "mspace":
      return attribute(element, "linebreak") === "newline" ? "\\\\ " : "\\ ";
    case "mfrac":
      return attribute(element, "linethickness") === "0"
        ? `\\binom{${first ? write(first) : ""}}{${second ? write(second) : ""}}`
        : `\\frac{${first ? write(first) : ""}}{${second ? write(second) : ""}}`;
    case "msqrt":
      return `\\sqrt{${inner(element)}}`;
    case "mroot":
      return `\\sqrt[${second ? write(second) : ""}]{${first ? write(first) : ""}}`;
    case "mfenced":
      return fenced(element, parts);
    case "mtable":
      return `\\begin{matrix}${parts.map(tableRow).join(" \\\\ ")}\\end{matrix}`;
    case "mmultiscripts":
      return multiscripts(parts);
    case "menclose":
      return attribute(element, "notation")?.includes("box") ? `\\boxed{${inner(element)}}` : inner(element);
    case "mphantom":
      return `\\phantom{${inner(element)}}`;
    case "none":
    case "mprescripts":
      return "";
  }
  const scripts = scripted[element.name];
  if (scripts && Object.hasOwn(scripted, element.name)) return withScripts(element, parts, scripts);
  return parts.length > 0 ? inner(element) : toSymbols(lineOf(element));
}

function withScripts(element: Element, parts: readonly Element[], scripts: readonly string[]): string {
  const [base, mark] = parts;
  if (!base) return "";
  const over = mark?.name === "mo" && scripts.length === 1 ? lineOf(mark, 20) : "";
  const accent = over === "" ? undefined : accents.get(`${element.name} ${over}`);
  if (accent) return `\\${accent}{${write(base).trim()}}`;
  // What stands over an arrow or an equals sign is no exponent of it.
  const isRelation = base.name === "mo" && /^[=→←↔⟶⇒~≃]$/.test(lineOf(base, 20));
  if (element.name === "mover" && isRelation && mark) return `\\overset{${write(mark)}}{${write(base)}}`;
  const tex = write(base).trim();
  const core = tex === "" || tex.length === 1 || /^\\[a-zA-Z]+$/.test(tex) ? tex : `{${tex}}`;
  return (core === "" ? "{}" : core) + scripts.map((script, at) => script + group(parts[at + 1])).join("");
}

function fenced(element: Element, parts: readonly Element[]): string {
  const open = attribute(element, "open") ?? "(";
  const close = attribute(element, "close") ?? ")";
  const separators = (attribute(element, "separators") ?? ",").replace(/\s/g, "").slice(0, 20);
  const last = separators.charAt(separators.length - 1);
  const items = parts.map((part, at) => (at === 0 ? "" : separators.charAt(at - 1) || last) + write(part));
  return `\\left${delimiter(open)}${rowOf(items)}\\right${delimiter(close)}`;
}

function delimiter(mark: string): string {
  const tex = operator(mark.slice(0, 3)).trim();
  return tex === "" ? "." : /^\\[a-zA-Z]/.test(tex) ? `${tex} ` : tex;
}

function tableRow(row: Element): string {
  const cells = partsOf(row);
  // A labelled row has its number first.
  return (row.name === "mlabeledtr" ? cells.slice(1) : cells).map(inner).join(" & ");
}

function multiscripts(parts: readonly Element[]): string {
  const [base, ...rest] = parts;
  const at = rest.findIndex(({ name }) => name === "mprescripts");
  const script = (mark: string, element: Element | undefined) => {
    const tex = element ? group(element) : "{}";
    return tex === "{}" ? "" : mark + tex;
  };
  const pairs = (list: readonly Element[]) => script("_", list[0]) + script("^", list[1]);
  const before = at < 0 ? "" : pairs(rest.slice(at + 1));
  return `${before === "" ? "" : `{}${before}`}${base ? write(base) : ""}${pairs(at < 0 ? rest : rest.slice(0, at))}`;
}

function identifier(element: Element): string {
  const text = lineOf(element).replace(/[\u2061-\u2064]/g, "");
  const variant = attribute(element, "mathvariant");
  if (variant && Object.hasOwn(variants, variant) && (variant !== "normal" || text.length > 1))
    return `\\${variants[variant]}{${toSymbols(text)}}`;
  if (functions.has(text)) return `\\${text} `;
  return [...text].length > 1 ? `\\mathrm{${toSymbols(text)}}` : toSymbols(text);
}

function operator(text: string): string {
  if (functions.has(text)) return `\\${text} `;
  return toSymbols(text);
}

function textOf(element: Element): string {
  const text = lineOf(element);
  if (text === "" || text === "\u00a0") return "\\ ";
  return `\\text{${text.replace(/[\\{}$%#&_^~]/g, (char) => (char === "\\" ? "\\backslash " : `\\${char}`))}}`;
}

function toSymbols(text: string): string {
  let tex = "";
  for (const char of text) {
    if (/[\u2061-\u2064\u200b]/.test(char)) continue;
    tex += symbols.get(char) ?? char;
  }
  return tex;
}
