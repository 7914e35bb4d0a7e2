import { isNoise } from "../patterns/url-noise.ts";

/** A line of Markdown in pieces: what is read, and where its links and images lead. */
export type LinePart = { kind: "text" | "link" | "image"; text: string };

/** Names that carry a token made for one visitor or one visit. */
const tokenNames = new Set([
  ...["csrf", "_csrf", "csrf_token", "_csrf_token", "csrftoken", "csrf-token", "csrfmiddlewaretoken", "csrf_nonce"],
  ...["xsrf", "_xsrf", "xsrf_token", "xsrf-token", "authenticity_token", "__requestverificationtoken", "anticsrf"],
  ...["nonce", "_nonce", "_wpnonce", "wpnonce", "_token", "form_token", "form_key", "formhash", "formtoken", "sesskey"],
  ...["securitytoken", "logouthash", "session_token", "sessiontoken", "request_token", "__cf_chl_tk", "cf_chl_tk"],
  // Links that are signed for some minutes: Amazon, Google, CloudFront.
  ...["x-amz-signature", "x-amz-date", "x-amz-expires", "x-amz-credential", "x-amz-security-token"],
  ...["x-goog-signature", "x-goog-date", "x-goog-expires", "x-goog-credential", "key-pair-id"],
  ...["cachebuster", "cachebust", "cache_bust", "cache-bust", "cache_buster", "nocache", "no_cache", "no-cache"],
]);
/** Those that do so where their value looks made by a machine, or is a time. */
const maybeTokenNames = new Set(["token", "sig", "signature", "hmac", "policy", "expires", "expiry", "access_token"]);
const timeNames = new Set(["_", "t", "ts", "_t", "_ts", "time", "timestamp", "cb", "rand", "random", "rnd", "r", "dt"]);
/** Of images: which make of the same image it is. */
const versionNames = new Set(["v", "ver", "version", "rev", "revision", "h", "hash", "m", "mtime", "modified", "s"]);
const signedImageNames = new Set(["itok", "ixid", "ixlib", "updated", "updated_at", "lastmod", "build", "md5", "sha"]);

/** What stands for a part of an image's URL that names its make. */
const HASH = "~";

/** Splits a line; the URLs in it have lost what is noise in them. Their kind is told by the brackets before them. */
export function splitLine(line: string): LinePart[] {
  if (!line.includes("](") && !line.includes("<http")) return [{ kind: "text", text: line }];
  const parts: LinePart[] = [];
  const open: ("link" | "image")[] = [];
  let start = 0;
  const take = (kind: "link" | "image", from: number, to: number) => {
    const url = line.slice(from, to);
    parts.push({ kind: "text", text: line.slice(start, from) }, { kind, text: withoutUrlNoise(url, kind) });
    start = to;
  };
  for (let at = 0; at < line.length; at++) {
    const char = line[at];
    if (char === "\\") at++;
    else if (char === "[") open.push(line[at - 1] === "!" ? "image" : "link");
    else if (char === "]") {
      const kind = open.pop() ?? "link";
      if (line[at + 1] !== "(") continue;
      const end = findDestinationEnd(line, at + 2);
      take(kind, at + 2, end);
      at = end - 1;
    } else if (char === "<" && line.startsWith("http", at + 1)) {
      const end = findDestinationEnd(line, at + 1);
      take("link", at + 1, end);
      at = end - 1;
    }
  }
  parts.push({ kind: "text", text: line.slice(start) });
  return parts;
}

/** Before the white space, the angle bracket or the parenthesis that ends it. */
function findDestinationEnd(line: string, from: number): number {
  let depth = 0;
  for (let at = from; at < line.length; at++) {
    const char = line[at];
    if (char === "\\") at++;
    else if (char === " " || char === "\t" || char === ">") return at;
    else if (char === "(") depth++;
    else if (char === ")" && depth-- === 0) return at;
  }
  return line.length;
}

/** A URL as it is written in Markdown without what says nothing of where it leads, or of which image it is. */
function withoutUrlNoise(written: string, kind: "link" | "image"): string {
  const url = written.replace(/\\([!-/:-@[-`{-~])/g, "$1");
  const [, address = "", query, fragment = ""] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(url) ?? [];
  const path = address.replace(/;jsessionid=[^/;]*/gi, "");
  const kept = query === undefined ? "" : keepParameters(query, kind);
  // The address behind it is enciphered anew for each visitor.
  const isMasked = path.endsWith("/cdn-cgi/l/email-protection");
  const cleaned =
    (kind === "image" ? withoutHashes(path) : path) + (kept === "" ? "" : `?${kept}`) + (isMasked ? "" : fragment);
  return cleaned === url ? written : cleaned;
}

function keepParameters(query: string, kind: "link" | "image"): string {
  return query
    .split("&")
    .flatMap((parameter) => {
      const [writtenName = "", ...rest] = parameter.split("=");
      const [name, value] = [decode(writtenName).toLowerCase(), decode(rest.join("="))];
      if (isNoise(name, value) || isToken(name, value)) return [];
      if (kind === "link") return [parameter];
      if (rest.length === 0) return isMakeOf(name) ? [] : [parameter];
      if ((versionNames.has(name) || signedImageNames.has(name)) && isMakeOf(value)) return [];
      // An image made smaller by the server names the original.
      return name === "url" || name === "src" ? [`${name}=${withoutUrlNoise(value, "image")}`] : [parameter];
    })
    .join("&");
}

function isToken(name: string, value: string): boolean {
  if (tokenNames.has(name)) return true;
  if (maybeTokenNames.has(name)) return isMachineMade(value, 16) || isTime(value);
  return timeNames.has(name) && isTime(value);
}

/** Seconds or milliseconds since 1970, of this century so far; or a random number as JavaScript writes it. */
const isTime = (value: string) => /^1\d{9}(?:\d{3}|\.\d{1,6})?$/.test(value) || /^0\.\d{8,20}$/.test(value);

/** Letters and digits in turn, as in no words with a year (`privacy-policy-2026`). */
const isMachineMade = (value: string, minLength: number) =>
  value.length >= minLength &&
  value.length <= 2_048 &&
  /^[\w.~+/=-]+$/.test(value) &&
  (value.match(/[a-z](?=\d)|\d(?=[a-z])/gi)?.length ?? 0) >= 3;

/** A version, time or hash; not a size such as `s=80`. */
const isMakeOf = (value: string) =>
  /^\d{6,20}$/.test(value) || /^v?\d{1,6}(?:\.\d{1,6}){1,3}$/.test(value) || isHash(value) || isMachineMade(value, 16);

/** An image's path: its folders named by a hash or a time, and hashes between the marks of its file's name. */
function withoutHashes(address: string): string {
  const segments = address.split("/");
  const file = segments.pop() ?? "";
  const folders = segments.map((folder) =>
    (folder.length >= 16 && isHash(folder)) || /^v1\d{9}$/.test(folder) ? HASH : folder,
  );
  return [...folders, withoutHash(file)].join("/");
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.|$)/i;

function withoutHash(file: string): string {
  if (uuid.test(file)) return file;
  const dot = file.lastIndexOf(".");
  const [name, ending] = dot < 0 ? [file, ""] : [file.slice(0, dot), file.slice(dot)];
  if (isHash(name)) return HASH + ending;
  const [, stem = "", last = ""] = /^(.*[.\-_])([^.\-_]*)$/s.exec(name) ?? [];
  return isHash(last) || isShortHash(last) ? stem + HASH + ending : file;
}

/** Hexadecimal, with both digits and letters: neither a date nor a word. */
const isHash = (text: string) =>
  /^(?:[0-9a-f]{8,64}|[0-9A-F]{8,64})$/.test(text) && /\d/.test(text) && /[a-f]/i.test(text);

/** As bundlers write it in eight characters of Base64. */
const isShortHash = (text: string) =>
  /^[0-9A-Za-z]{8}$/.test(text) && /\d/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text);

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
