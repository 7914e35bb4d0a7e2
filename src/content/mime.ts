import type { DocumentKind } from "./document.ts";

export type ContentType = { essence: string; parameters: ReadonlyMap<string, string> };

/** Parses a `Content-Type` header (WHATWG MIME Sniffing, section 4.4); `undefined` if there is no type in it. */
export function parseContentType(header: string | null | undefined): ContentType | undefined {
  if (!header) return undefined;
  const [first = "", ...rest] = splitParameters(header.slice(0, 1024));
  const essence = first.trim().toLowerCase();
  if (!/^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/.test(essence)) return undefined;
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const at = part.indexOf("=");
    if (at < 1) continue;
    const name = part.slice(0, at).trim().toLowerCase();
    const value = unquote(part.slice(at + 1).trim());
    if (value !== "" && !parameters.has(name)) parameters.set(name, value);
  }
  return { essence, parameters };
}

/** Splits at semicolons outside quotes. */
function splitParameters(header: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < header.length; at++) {
    const char = header[at];
    if (isQuoted && char === "\\") at++;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === ";" && !isQuoted) {
      parts.push(header.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(header.slice(start));
  return parts;
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value.replace(/^'(.*)'$/, "$1");
  const end = value.endsWith('"') && value.length > 1 ? value.length - 1 : value.length;
  return value.slice(1, end).replace(/\\(.)/g, "$1");
}

const htmlTypes = new Set(["text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"]);
const markdownTypes = new Set(["text/markdown", "text/x-markdown", "application/markdown"]);
const scriptTypes = new Set([
  "application/javascript",
  "application/x-javascript",
  "application/ecmascript",
  "text/javascript",
  "text/ecmascript",
  "text/css",
]);
const textTypes = new Set([
  "application/x-ndjson",
  "application/jsonl",
  "application/yaml",
  "application/x-yaml",
  "application/toml",
  "application/sql",
  "application/x-sh",
]);
const jsonTypes = new Set(["application/json", "text/json", "application/x-json", "application/manifest+json"]);
const csvTypes = new Set([
  "text/csv",
  "text/x-csv",
  "application/csv",
  "text/comma-separated-values",
  "text/tab-separated-values",
]);
const feedTypes = new Set(["application/rss+xml", "application/atom+xml", "application/feed+json"]);
const pdfTypes = new Set(["application/pdf", "application/x-pdf"]);
const unknownTypes = new Set(["unknown/unknown", "application/unknown", "*/*"]);
/** What servers send files as whose type they don't know, or that they want saved. */
const downloadTypes = new Set([
  "application/octet-stream",
  "binary/octet-stream",
  "application/x-download",
  "application/download",
  "application/force-download",
  "application/x-force-download",
  "application/zip",
]);
const docxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

export function kindOf(essence: string): DocumentKind {
  if (htmlTypes.has(essence)) return "html";
  if (markdownTypes.has(essence)) return "markdown";
  if (csvTypes.has(essence)) return "csv";
  if (feedTypes.has(essence)) return "feed";
  if (pdfTypes.has(essence)) return "pdf";
  if (essence === docxType) return "docx";
  if (jsonTypes.has(essence) || essence.endsWith("+json")) return "json";
  if (isXml(essence)) return "xml";
  if (scriptTypes.has(essence)) return "other";
  return essence.startsWith("text/") || textTypes.has(essence) ? "text" : "other";
}

function isXml(essence: string): boolean {
  return essence === "text/xml" || essence === "application/xml" || (essence.endsWith("+xml") && essence !== svg);
}
const svg = "image/svg+xml";

/** Extensions by which a file sent as a mere download is taken to have text in it. */
const tellingExtension = /\.(?:pdf|docx|csv|tsv|md|markdown|txt|json|xml|rss|atom|html?)["']?$/i;

/** Whether a response with these headers can become a document, so that its body need be read at all. */
export function isWorthReading(headers: Headers, url: string): boolean {
  const type = parseContentType(headers.get("content-type"));
  if (!type || unknownTypes.has(type.essence) || kindOf(type.essence) !== "other") return true;
  if (!downloadTypes.has(type.essence)) return false;
  const fileName = headers.get("content-disposition")?.slice(0, 1024).trimEnd() ?? "";
  return tellingExtension.test(fileName) || tellingExtension.test(URL.parse(url)?.pathname ?? "");
}

/**
 * The type a body really has, after the WHATWG MIME Sniffing standard. Two steps go further than the standard, since
 * nothing here runs a page's scripts: a page sent as `text/plain`, and a body sent as `application/octet-stream`, are
 * taken for what they are.
 */
export function sniffType(header: string | null | undefined, body: Uint8Array): string {
  const declared = parseContentType(header)?.essence;
  const start = body.subarray(0, 1445);
  if (!declared || unknownTypes.has(declared) || downloadTypes.has(declared)) return sniffUnknown(start, body);
  if (declared === "text/plain") return sniffPlain(start, body);
  if (declared === "text/html") return sniffSignature(start, body) ?? sniffFeed(start) ?? declared;
  switch (kindOf(declared)) {
    case "text":
    case "markdown":
    case "csv":
      return hasBinary(start) ? (sniffSignature(start, body) ?? "application/octet-stream") : declared;
    case "xml":
      return sniffFeed(start) ?? declared;
    case "json":
      return isJsonFeed(start) ? "application/feed+json" : declared;
    case "pdf":
      // Readers allow for a thousand bytes before the mark. Without one it is an error page, or the like.
      return latin1(start.subarray(0, 1024)).includes("%PDF-") ? "application/pdf" : sniffUnknown(start, body);
    case "docx":
      return sniffUnknown(start, body);
  }
  if (/^(?:image|audio|video|font)\//.test(declared) && declared !== svg)
    return sniffSignature(start, body) ?? declared;
  return declared;
}

function sniffUnknown(start: Uint8Array, body: Uint8Array): string {
  const markup = sniffMarkup(start);
  if (markup) return markup;
  const signature = sniffSignature(start, body);
  if (signature) return signature;
  if (hasBinary(start) && !hasBom(start)) return "application/octet-stream";
  if (!looksLikeJson(body)) return "text/plain";
  return isJsonFeed(start) ? "application/feed+json" : "application/json";
}

function sniffPlain(start: Uint8Array, body: Uint8Array): string {
  const markup = sniffMarkup(start);
  if (markup === "text/html" && /^\s*(?:<!--[^>]{0,200}-->\s*)?<(?:!doctype\s+html|html)\b/i.test(latin1(start)))
    return markup;
  if (!hasBinary(start) || hasBom(start)) return sniffPdf(start) ?? "text/plain";
  return sniffSignature(start, body) ?? "application/octet-stream";
}

const htmlStart =
  /^<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|main|article|section|header|meta|link)[\s>]|^<!--/i;

function sniffMarkup(start: Uint8Array): string | undefined {
  const text = latin1(start).trimStart();
  if (!text.startsWith("<")) return undefined;
  if (text.startsWith("<?xml"))
    return /<html[\s>]/i.test(text) ? "application/xhtml+xml" : (sniffFeed(start) ?? "text/xml");
  if (htmlStart.test(text)) return "text/html";
  return sniffFeed(start) ?? (/^<(?:urlset|sitemapindex)[\s>]/.test(text) ? "text/xml" : undefined);
}

/** RSS and Atom sent as HTML (section 8.3), or as XML like any other. */
function sniffFeed(start: Uint8Array): string | undefined {
  let text = latin1(start).trimStart();
  while (text.startsWith("<?") || text.startsWith("<!")) {
    const isComment = text.startsWith("<!--");
    const end = text.indexOf(isComment ? "-->" : ">", 2);
    if (end < 0) return undefined;
    text = text.slice(end + (isComment ? 3 : 1)).trimStart();
  }
  if (/^<rss[\s>]/.test(text)) return "application/rss+xml";
  if (/^<(?:atom:)?feed[\s>]/.test(text)) return "application/atom+xml";
  const isRss = text.includes("http://purl.org/rss/1.0/") || text.includes("http://my.netscape.com/rdf/simple/0.9/");
  return isRss && /^<rdf:RDF[\s>]/.test(text) ? "application/rss+xml" : undefined;
}

function isJsonFeed(start: Uint8Array): boolean {
  return /"version"\s{0,9}:\s{0,9}"https?:(?:\\?\/){2}(?:www\.)?jsonfeed\.org\\?\/version\b/.test(latin1(start));
}

type Signature = { type: string; bytes: readonly (number | undefined)[]; at?: number };

const signature = (type: string, pattern: string, at = 0): Signature => ({
  type,
  at,
  bytes: pattern.split(" ").map((byte) => (byte === "??" ? undefined : Number.parseInt(byte, 16))),
});

const signatures: readonly Signature[] = [
  signature("application/pdf", "25 50 44 46 2d"),
  signature("application/postscript", "25 21 50 53 2d 41 64 6f 62 65 2d"),
  signature("image/png", "89 50 4e 47 0d 0a 1a 0a"),
  signature("image/jpeg", "ff d8 ff"),
  signature("image/gif", "47 49 46 38 37 61"),
  signature("image/gif", "47 49 46 38 39 61"),
  signature("image/webp", "52 49 46 46 ?? ?? ?? ?? 57 45 42 50 56 50"),
  signature("image/bmp", "42 4d ?? ?? ?? ?? 00 00"),
  signature("image/x-icon", "00 00 01 00"),
  signature("image/x-icon", "00 00 02 00"),
  signature("image/avif", "66 74 79 70 61 76 69 66", 4),
  signature("image/heic", "66 74 79 70 68 65 69 63", 4),
  signature("image/tiff", "49 49 2a 00"),
  signature("image/tiff", "4d 4d 00 2a"),
  signature("audio/basic", "2e 73 6e 64"),
  signature("audio/aiff", "46 4f 52 4d ?? ?? ?? ?? 41 49 46 46"),
  signature("audio/mpeg", "49 44 33"),
  signature("audio/flac", "66 4c 61 43"),
  signature("application/ogg", "4f 67 67 53 00"),
  signature("audio/midi", "4d 54 68 64 00 00 00 06"),
  signature("video/avi", "52 49 46 46 ?? ?? ?? ?? 41 56 49 20"),
  signature("audio/wave", "52 49 46 46 ?? ?? ?? ?? 57 41 56 45"),
  signature("video/mp4", "66 74 79 70", 4),
  signature("video/webm", "1a 45 df a3"),
  signature("font/woff", "77 4f 46 46"),
  signature("font/woff2", "77 4f 46 32"),
  signature("font/otf", "4f 54 54 4f"),
  signature("font/ttf", "00 01 00 00"),
  signature("font/collection", "74 74 63 66"),
  signature("application/x-gzip", "1f 8b 08"),
  signature("application/zip", "50 4b 03 04"),
  signature("application/x-rar-compressed", "52 61 72 21 1a 07"),
  signature("application/x-7z-compressed", "37 7a bc af 27 1c"),
  signature("application/zstd", "28 b5 2f fd"),
  signature("application/x-xz", "fd 37 7a 58 5a 00"),
  signature("application/x-bzip2", "42 5a 68 ?? 31 41 59 26 53 59"),
  signature("application/vnd.sqlite3", "53 51 4c 69 74 65 20 66 6f 72 6d 61 74 20 33 00"),
  signature("application/wasm", "00 61 73 6d"),
  signature("application/x-elf", "7f 45 4c 46"),
];

function sniffSignature(start: Uint8Array, body: Uint8Array): string | undefined {
  const type = signatures.find(({ bytes, at = 0 }) =>
    bytes.every((byte, offset) => (byte === undefined ? at + offset < start.length : start[at + offset] === byte)),
  )?.type;
  return type === "application/zip" && isDocx(body) ? docxType : type;
}

/** Bytes at the end of an archive that hold its list of files, or the end of it. */
const listBytes = 64 * 1024;

/** An archive whose list of files has what Word writes. */
function isDocx(body: Uint8Array): boolean {
  const end = Buffer.from(body.buffer, body.byteOffset, body.byteLength).subarray(-listBytes);
  return end.includes("word/document") && end.includes("[Content_Types].xml");
}

/** A PDF without binary data near its start, sent as text. */
function sniffPdf(start: Uint8Array): string | undefined {
  return /^%PDF-\d\.\d[\r\n]/.test(latin1(start.subarray(0, 16))) ? "application/pdf" : undefined;
}

/**
 * A "binary data byte" of section 3; UTF-16 without a byte order mark is not taken for binary, nor is a backspace after
 * a letter, by which manuals for terminals are set in bold.
 */
function hasBinary(start: Uint8Array): boolean {
  if (looksLikeUtf16(start)) return false;
  return start.some(
    (byte, at) =>
      byte < 0x08 ||
      (byte === 0x08 && (start[at - 1] ?? 0) < 0x20) ||
      byte === 0x0b ||
      (byte >= 0x0e && byte <= 0x1a) ||
      (byte >= 0x1c && byte <= 0x1f),
  );
}

function hasBom(start: Uint8Array): boolean {
  const [a, b, c] = start;
  return (a === 0xfe && b === 0xff) || (a === 0xff && b === 0xfe) || (a === 0xef && b === 0xbb && c === 0xbf);
}

/** Which half of each pair is nearly always zero, as in Latin text in UTF-16 without a byte order mark. */
export function looksLikeUtf16(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  const length = Math.min(bytes.length & ~1, 1024);
  if (length < 8) return undefined;
  let evenZeros = 0;
  let oddZeros = 0;
  for (let at = 0; at < length; at += 2) {
    if (bytes[at] === 0) evenZeros++;
    if (bytes[at + 1] === 0) oddZeros++;
  }
  const pairs = length / 2;
  if (oddZeros > pairs * 0.7 && evenZeros < pairs * 0.05) return "utf-16le";
  return evenZeros > pairs * 0.7 && oddZeros < pairs * 0.05 ? "utf-16be" : undefined;
}

function looksLikeJson(body: Uint8Array): boolean {
  const first = latin1(body.subarray(0, 64)).trimStart()[0];
  const last = latin1(body.subarray(-64)).trimEnd().at(-1);
  return (first === "{" && last === "}") || (first === "[" && last === "]");
}

function latin1(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return text.startsWith("\u00ef\u00bb\u00bf") ? text.slice(3) : text;
}
