import { attribute, type Element, textOf } from "../dom.ts";

const maxBlocks = 20;
const maxBlockLength = 256 * 1024;
const maxLengthInAll = 1024 * 1024;
const maxDepth = 64;

/** The page's JSON-LD blocks, parsed; what can't be read, or is absurdly large or deep, is left out. */
export function readJsonLd(scripts: readonly Element[]): unknown[] {
  const blocks: unknown[] = [];
  let length = 0;
  for (const script of scripts) {
    if (!/^application\/ld\+json/i.test(attribute(script, "type") ?? "")) continue;
    const text = textOf(script, maxBlockLength + 1);
    if (text.length > maxBlockLength || length + text.length > maxLengthInAll || isTooDeep(text)) continue;
    length += text.length;
    const value = parseTolerantly(text);
    if (value !== undefined && value !== null) blocks.push(value);
    if (blocks.length >= maxBlocks) break;
  }
  return blocks;
}

/** Counts brackets without regard to strings: too careful for odd texts, and that is the safe side. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

function parseTolerantly(text: string): unknown {
  const trimmed = text.trim();
  return parseStorable(trimmed) ?? parseStorable(repair(unwrap(trimmed)));
}

/** Without the comment or CDATA section around a script, which old advice has people write. */
function unwrap(text: string): string {
  const start = /^(?:\/\/|\/\*)?\s{0,9}(?:<!--|<!\[cdata\[)\s{0,9}(?:\*\/)?/i.exec(text)?.[0].length ?? 0;
  const ending = text.slice(-40);
  const end = /(?:\/\/|\/\*)? {0,9}(?:-->|\]\]>)(?: {0,9}\*\/)?$/.exec(ending)?.[0].length ?? 0;
  return text.slice(start, text.length - end).trim();
}

/** Line breaks inside strings, commas before a closing bracket and a last semicolon are what people get wrong. */
function repair(text: string): string {
  // Some systems escape the whole script as if it were text.
  const bare = /^[{[]\s{0,99}&quot;/.test(text) ? text.replaceAll("&quot;", '"').replaceAll("&amp;", "&") : text;
  return bare
    .replace(/\p{Cc}+/gu, " ")
    .replace(/,\s{0,99}(?=[}\]])/g, "")
    .replace(/;$/, "");
}

function parseStorable(text: string): unknown {
  try {
    // Databases refuse NUL and half surrogates, which JSON can spell.
    return text.includes("\\u") && /\\u(?:0000|d[89a-f])/i.test(text)
      ? JSON.parse(text, keepStorable)
      : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keepStorable(_key: string, value: unknown): unknown {
  if (typeof value === "string") return storable(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storable(key), inner]));
}

function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
