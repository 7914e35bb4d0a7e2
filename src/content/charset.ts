import { analyse } from "chardet";
import { looksLikeUtf16 } from "./mime.ts";

export type DecodedText = { text: string /** WHATWG name, lower case. */; charset: string };

/** Bytes of a page in which its own declaration is looked for; the standard asks for 1,024, pages often need more. */
const prescanBytes = 4096;
const detectionBytes = 64 * 1024;

/**
 * Decodes a body: byte order mark, then the header's charset, the page's own declaration, UTF-8 if it is valid, and at
 * last the likeliest encoding. Never throws: bytes that mean nothing become U+FFFD.
 */
export function decodeText(body: Uint8Array, headerCharset?: string): DecodedText {
  const marked = fromByteOrderMark(body);
  if (marked) return decodeAs(body, marked);
  const declared = encodingOf(headerCharset) ?? declaredInside(body);
  if (declared && declared !== "utf-8" && declared !== "windows-1252") return decodeAs(body, declared);
  const utf8 = decodeUtf8(body);
  // UTF-8 text is next to never valid by accident, while "iso-8859-1" is what many servers say without looking.
  if (utf8 !== undefined && !looksLikeUtf16(body)) return { text: utf8, charset: "utf-8" };
  if (declared === "windows-1252") return decodeAs(body, declared);
  if (declared === "utf-8") {
    const lenient = decodeAs(body, declared);
    if (countReplacements(lenient.text) * 200 < lenient.text.length) return lenient;
  }
  return decodeAs(body, looksLikeUtf16(body) ?? detect(body));
}

/** The WHATWG name for a label such as `latin1`; `undefined` for what no browser knows. */
export function encodingOf(label: string | undefined): string | undefined {
  if (!label) return undefined;
  const name = label.trim().toLowerCase();
  if (name === "utf-8" || name === "utf8") return "utf-8";
  try {
    return new TextDecoder(name as "utf-8").encoding;
  } catch {
    return undefined;
  }
}

function decodeAs(body: Uint8Array, charset: string): DecodedText {
  return { text: new TextDecoder(charset as "utf-8").decode(body), charset };
}

function decodeUtf8(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function countReplacements(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\ufffd"); at >= 0; at = text.indexOf("\ufffd", at + 1)) count++;
  return count;
}

function fromByteOrderMark([a, b, c]: Uint8Array): string | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  if (a === 0xff && b === 0xfe) return "utf-16le";
  return a === 0xfe && b === 0xff ? "utf-16be" : undefined;
}

function declaredInside(body: Uint8Array): string | undefined {
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, prescanBytes)).toString("latin1");
  const label = fromXmlDeclaration(start) ?? fromMeta(start);
  const encoding = encodingOf(label);
  // What could be read byte by byte is not UTF-16, whatever it says of itself (HTML, section 13.2.3.2).
  if (encoding === "utf-16le" || encoding === "utf-16be") return "utf-8";
  return label?.trim().toLowerCase() === "x-user-defined" ? "windows-1252" : encoding;
}

function fromXmlDeclaration(start: string): string | undefined {
  if (!start.startsWith("<?xml")) return undefined;
  const end = start.indexOf("?>");
  return /\sencoding\s*=\s*["']([^"']{1,40})["']/.exec(start.slice(0, end < 0 ? 200 : end))?.[1];
}

/** The HTML standard's prescan (section 13.2.3.2): skips comments and other tags, so that a quoted `<meta` is not read. */
function fromMeta(start: string): string | undefined {
  for (let at = start.indexOf("<"); at >= 0; at = start.indexOf("<", at)) {
    if (start.startsWith("<!--", at)) {
      const end = start.indexOf("-->", at + 2);
      if (end < 0) return undefined;
      at = end + 3;
    } else if (/^<\/?[a-z]/i.test(start.slice(at, at + 3))) {
      const tag = readTag(start, at + 1);
      const label = tag.name === "meta" ? charsetOfMeta(tag.attributes) : undefined;
      if (label && encodingOf(label)) return label;
      if (label?.trim().toLowerCase() === "x-user-defined") return label;
      at = tag.end;
    } else {
      at++;
    }
  }
  return undefined;
}

function charsetOfMeta(attributes: ReadonlyMap<string, string>): string | undefined {
  const charset = attributes.get("charset");
  if (charset !== undefined) return charset;
  if (attributes.get("http-equiv")?.toLowerCase() !== "content-type") return undefined;
  return /charset\s*=\s*["']?([^"';\s]{1,40})/i.exec(attributes.get("content") ?? "")?.[1];
}

const tagName = /[^\s/>]*/y;
const tagAttribute = /[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/y;

function readTag(text: string, start: number): { name: string; attributes: Map<string, string>; end: number } {
  tagName.lastIndex = start;
  const name = tagName.exec(text)?.[0].toLowerCase() ?? "";
  const attributes = new Map<string, string>();
  let end = start + name.length;
  for (;;) {
    tagAttribute.lastIndex = end;
    const match = tagAttribute.exec(text);
    if (!match) break;
    end = tagAttribute.lastIndex;
    const key = match[1]?.toLowerCase() ?? "";
    if (!attributes.has(key)) attributes.set(key, match[2] ?? match[3] ?? match[4] ?? "");
  }
  return { name, attributes, end: Math.max(end, start) };
}

function detect(body: Uint8Array): string {
  for (const { name, confidence } of analyse(textBytes(body))) {
    const encoding = encodingOf(name);
    if (encoding && encoding !== "utf-8" && confidence >= 10) return encoding;
  }
  return "windows-1252";
}

/** The first bytes outside tags: markup is English everywhere and would drown the language. */
function textBytes(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.min(body.length, detectionBytes));
  let length = 0;
  let isInTag = false;
  for (let at = 0; at < body.length && length < bytes.length; at++) {
    const byte = body[at] ?? 0;
    if (byte === 0x3c) isInTag = true;
    if (!isInTag) bytes[length++] = byte;
    if (byte === 0x3e) isInTag = false;
  }
  return length > 0 ? bytes.subarray(0, length) : body.subarray(0, detectionBytes);
}
