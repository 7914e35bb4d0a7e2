import { decodeHTML, decodeHTMLAttribute } from "entities/decode";
import { Tokenizer, type TokenizerCallbacks } from "htmlparser2";
import type { Element } from "./dom.ts";
import { nameAt } from "./names.ts";
import {
  closedByStart,
  holdsRows,
  isBlock,
  isBoundary,
  isSpecial,
  leavesForeign,
  mayStayInHead,
  voidNames,
} from "./nesting.ts";

export type ParseLimits = {
  /** Characters of source that are read. Default 32 Mi. */
  maxLength?: number;
  /** Levels of the tree; what lies deeper becomes siblings. Default 400. */
  maxDepth?: number;
  /** Elements and texts. Default 300,000. */
  maxNodes?: number;
  /** Attributes kept of one element. Default 64. */
  maxAttributes?: number;
  /** Characters of a value; a longer one is left out, since half a URL is a wrong one. Default 16,384. */
  maxAttributeLength?: number;
};

/**
 * Parses a page as browsers do in all that matters for its text: implied ends, scopes, late closing of misnested
 * formatting. Time and memory are linear in the input, and no input makes it throw.
 */
export function parseHtml(html: string, limits: ParseLimits = {}): { root: Element; isTruncated: boolean } {
  const builder = new TreeBuilder(prepare(html, limits.maxLength ?? 32 * 1024 * 1024), limits);
  builder.isTruncated = html.length > (limits.maxLength ?? 32 * 1024 * 1024);
  builder.run();
  return { root: builder.root, isTruncated: builder.isTruncated };
}

function prepare(html: string, maxLength: number): string {
  let text = html.length > maxLength ? html.slice(0, maxLength).toWellFormed() : html;
  // Plain replacements are several times as fast as a pattern, on pages that have one in every line.
  if (text.includes("\r")) text = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  if (text.includes("\0")) text = text.replaceAll("\0", "\ufffd");
  // In HTML this opens a comment that ends at the next ">"; the tokenizer would look for "]]>" to the end of the page.
  return text.includes("<![CDATA[") ? text.replaceAll("<![CDATA[", "<![cdata[") : text;
}

/** How far up the open elements an end tag looks for its start; keeps a page of unmatched end tags linear. */
const maxLookUp = 1000;
/** The same for what a start tag ends by itself, which is near in every page that is not made to hurt. */
const maxLookUpForStart = 100;
/** Script types whose text is content: structured data and MathJax formulas. */
const keptScript = /^(?:application\/ld\+json|math\/tex)\b/i;
const maxAttributesInAll = 1_000_000;
const none: readonly string[] = [];

class TreeBuilder implements TokenizerCallbacks {
  readonly root: Element = { type: "element", name: "html", attributes: none, children: [], parent: null, order: 0 };
  isTruncated = false;

  private readonly tokenizer: Tokenizer;
  private readonly maxDepth: number;
  private readonly maxNodes: number;
  private readonly maxAttributes: number;
  private readonly maxAttributeLength: number;

  /** The open elements, outermost first. May be longer than the tree is deep. */
  private readonly stack: Element[] = [this.root];
  /** How many elements of a name are open; names stay in it, since deleting them makes the map rehash time and again. */
  private readonly openCount = new Map<string, number>();
  /** Elements whose end tag came inside a block that was still open: they end with that block. */
  private readonly endingLate = new Set<Element>();
  private nodes = 1;
  private elements = 1;
  private attributesInAll = 0;
  /** Source range of text not yet in the tree. */
  private textStart = 0;
  private textEnd = 0;
  /** The start tag being read. */
  private tagName = "";
  private tagAttributes: string[] = [];
  private attributeName = "";
  private valueStart = -1;
  private valueEnd = -1;
  /** `<svg>`: nothing is kept. `<math>`: kept, yet `<x/>` ends itself. */
  private foreign: "svg" | "math" | undefined;
  /** Depth of open templates whose contents are left out. */
  private inertTemplates = 0;

  constructor(
    private readonly html: string,
    limits: ParseLimits,
  ) {
    this.maxDepth = limits.maxDepth ?? 400;
    this.maxNodes = limits.maxNodes ?? 300_000;
    this.maxAttributes = (limits.maxAttributes ?? 64) * 2;
    this.maxAttributeLength = limits.maxAttributeLength ?? 16_384;
    // Without its entity decoding the tokenizer skips from tag to tag.
    this.tokenizer = new Tokenizer({ decodeEntities: false }, this);
  }

  run(): void {
    this.tokenizer.write(this.html);
    this.tokenizer.end();
    this.flushText();
  }

  isInForeignContext(): boolean {
    return this.foreign !== undefined;
  }

  ontext(start: number, end: number): void {
    if (start !== this.textEnd) {
      this.flushText();
      this.textStart = start;
    }
    this.textEnd = end;
  }

  onopentagname(start: number, end: number): void {
    this.flushText();
    const name = nameAt(this.html, start, end);
    this.tagName = name === "image" ? "img" : name;
    if (this.tagAttributes.length > 0) this.tagAttributes = [];
  }

  onattribname(start: number, end: number): void {
    this.valueStart = -1;
    if (this.tagAttributes.length >= this.maxAttributes || this.foreign === "svg") this.attributeName = "";
    else this.attributeName = end - start > 256 ? "" : nameAt(this.html, start, end);
  }

  onattribdata(start: number, end: number): void {
    this.valueStart = start;
    this.valueEnd = end;
  }

  onattribend(): void {
    if (this.attributeName === "") return;
    let value = "";
    if (this.valueStart >= 0) {
      if (this.valueEnd - this.valueStart > this.maxAttributeLength) return;
      value = this.html.slice(this.valueStart, this.valueEnd);
      if (value.includes("&")) value = decodeHTMLAttribute(value);
    }
    this.tagAttributes.push(this.attributeName, value);
    if (++this.attributesInAll > maxAttributesInAll) this.stop();
  }

  onopentagend(): void {
    this.open(false);
  }

  onselfclosingtag(): void {
    this.open(this.foreign !== undefined);
  }

  onclosetag(start: number, end: number): void {
    this.flushText();
    this.close(nameAt(this.html, start, end));
  }

  oncomment(): void {}
  oncdata(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}
  onattribentity(): void {}
  ontextentity(): void {}
  onend(): void {}

  private stop(): void {
    this.isTruncated = true;
    this.tokenizer.pause();
  }

  private top(): Element {
    return this.stack[this.stack.length - 1] ?? this.root;
  }

  private flushText(): void {
    const { textStart, textEnd } = this;
    if (textStart >= textEnd) return;
    this.textStart = textEnd;
    if (this.inertTemplates > 0 || this.foreign === "svg") return;
    const top = this.top();
    if (top.name === "style" || top.name === "iframe" || top.name === "noembed") return;
    if (top.name === "script" && !keptScript.test(attributeOf(top, "type"))) return;
    let text = " ";
    const isPreformatted = this.isOpen("pre") || top.name === "textarea" || top.name === "xmp";
    if (isPreformatted || !isBlank(this.html, textStart, textEnd)) {
      text = this.html.slice(textStart, textEnd);
      if (isPreformatted && top.children.length === 0 && (top.name === "pre" || top.name === "textarea"))
        text = text.replace(/^\n/, "");
    } else {
      const last = top.children[top.children.length - 1];
      // White space next to a block's edge is never shown.
      if (last ? last.type === "element" && isBlock(last.name) : isBlock(top.name)) return;
    }
    if (text === "") return;
    if (top.name !== "script" && top.name !== "xmp" && text.includes("&")) text = decodeHTML(text);
    const parent = this.parentFor(top);
    parent.children.push({ type: "text", text, parent });
    if (++this.nodes >= this.maxNodes) this.stop();
  }

  /** Where a child of the innermost open element goes, so that the tree stays shallow and in the source's order. */
  private parentFor(top: Element): Element {
    if (this.stack.length <= this.maxDepth) return top;
    const deepest = this.stack[this.maxDepth - 1] ?? top;
    return deepest.children.at(-1) === top ? top : deepest;
  }

  private open(isClosedAtOnce: boolean): void {
    const name = this.tagName;
    if (this.foreign && leavesForeign(name)) this.leaveForeign();
    if (this.foreign === "svg") return;
    if (this.inertTemplates > 0) {
      if (name === "template") this.inertTemplates++;
      return;
    }
    if (name === "template" && !this.isShadowRoot()) {
      this.inertTemplates = 1;
      return;
    }
    if (name === "html" || name === "body" || name === "head") {
      if (this.mergeIntoOpen(name)) return;
    } else if (name === "form" && this.isOpen("form")) {
      return;
    }
    if (this.top().name === "head" && !mayStayInHead(name)) this.pop();
    this.closeImplied(name);
    if ((name === "td" || name === "th") && holdsRows(this.top().name)) this.openRow();
    this.append(name, isClosedAtOnce || voidNames.has(name));
    if (name === "svg" && !isClosedAtOnce) this.foreign = "svg";
    else if (name === "math" && !isClosedAtOnce) this.foreign = "math";
  }

  private isShadowRoot(): boolean {
    return this.tagAttributes.includes("shadowrootmode") || this.tagAttributes.includes("shadowroot");
  }

  /** A page has one `<html>`, `<head>` and `<body>`: later ones only add their attributes. */
  private mergeIntoOpen(name: string): boolean {
    const open = name === "html" ? this.root : this.stack.find((element) => element.name === name);
    if (!open) return name === "head" && this.isOpen("body");
    if (open.attributes.length < this.maxAttributes) open.attributes = [...open.attributes, ...this.tagAttributes];
    return true;
  }

  private append(name: string, isLeaf: boolean): void {
    const top = this.top();
    const parent = this.stack.length < this.maxDepth ? top : (this.stack[this.maxDepth - 1] ?? top);
    const attributes = this.tagAttributes.length > 0 ? this.tagAttributes : none;
    const element: Element = { type: "element", name, attributes, children: [], parent, order: this.elements++ };
    parent.children.push(element);
    if (++this.nodes >= this.maxNodes) this.stop();
    if (isLeaf) return;
    this.stack.push(element);
    this.openCount.set(name, (this.openCount.get(name) ?? 0) + 1);
  }

  /** For a cell whose row's start tag is missing. */
  private openRow(): void {
    const { tagAttributes } = this;
    this.tagAttributes = [];
    this.append("tr", false);
    this.tagAttributes = tagAttributes;
  }

  private closeImplied(name: string): void {
    const rules = closedByStart.get(name);
    if (!rules) return;
    for (const { closes, stopsAt } of rules) {
      if (!this.isAnyOpen(closes)) continue;
      const lowest = Math.max(1, this.stack.length - maxLookUpForStart);
      for (let at = this.stack.length - 1; at >= lowest; at--) {
        const open = this.stack[at]?.name ?? "";
        if (closes.includes(open)) {
          this.popTo(at);
          break;
        }
        if (stopsAt(open)) break;
      }
    }
  }

  private close(name: string): void {
    if (this.foreign === "svg") {
      if (name === "svg" || name === "p" || name === "br") this.leaveForeign();
      if (name !== "p" && name !== "br") return;
    }
    if (this.inertTemplates > 0) {
      if (name === "template") this.inertTemplates--;
      return;
    }
    if (name === "br") {
      this.tagAttributes = [];
      this.append("br", true);
      return;
    }
    // Content after </body> still belongs to the page.
    if (name === "body" || name === "html" || !this.isOpen(name)) return;
    this.closeOpen(name);
    if (name === "math") this.foreign = undefined;
  }

  private leaveForeign(): void {
    const name = this.foreign;
    this.foreign = undefined;
    if (name) this.closeOpen(name);
  }

  private closeOpen(name: string): void {
    const mayCrossBlocks = isSpecial(name);
    let isInsideBlock = false;
    const lowest = Math.max(1, this.stack.length - maxLookUp);
    for (let at = this.stack.length - 1; at >= lowest; at--) {
      const open = this.stack[at];
      if (!open) return;
      if (open.name === name) {
        if (isInsideBlock) this.endingLate.add(open);
        else this.popTo(at);
        return;
      }
      if (isBoundary(open.name) && !isBoundary(name) && name !== "tr" && !holdsRows(name)) return;
      if (!mayCrossBlocks && isSpecial(open.name)) isInsideBlock = true;
    }
  }

  private popTo(at: number): void {
    while (this.stack.length > at) this.pop();
    while (this.endingLate.size > 0 && this.endingLate.delete(this.top())) this.pop();
  }

  private pop(): void {
    const element = this.stack.pop();
    if (!element) return;
    this.openCount.set(element.name, (this.openCount.get(element.name) ?? 1) - 1);
  }

  private isOpen(name: string): boolean {
    return (this.openCount.get(name) ?? 0) > 0;
  }

  private isAnyOpen(names: readonly string[]): boolean {
    for (const name of names) if (this.isOpen(name)) return true;
    return false;
  }
}

function attributeOf(element: Element, name: string): string {
  const at = element.attributes.indexOf(name);
  return at < 0 ? "" : (element.attributes[at + 1] ?? "");
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 9 && code !== 12) return false;
  }
  return true;
}
