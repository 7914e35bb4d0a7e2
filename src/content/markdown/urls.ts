import { isEntityAt } from "./characters.ts";

/** Absolute, so plain that parsing would change nothing. */
const settled =
  /^https?:\/\/[a-z\d-]+(?:\.[a-z\d-]+)+\/(?:[\w~%=&+,;:@-]|\/(?!\.))*(?:[.?#](?:[\w~%=&+,;:@-]|\/(?!\.))*)*$/;
const allowed = new Set(["http:", "https:", "mailto:", "tel:", "ftp:", "sms:", "magnet:", "xmpp:", "irc:", "geo:"]);
const maxUrlLength = 8192;

export type ResolveUrl = (href: string) => string | undefined;

/** Makes links absolute; `undefined` for scripts, inline data and what is no URL. */
export function urlResolver(baseUrl: string): ResolveUrl {
  const known = new Map<string, string | undefined>();
  return (href) => {
    const trimmed = href.trim();
    if (known.has(trimmed)) return known.get(trimmed);
    const url = resolve(trimmed, baseUrl);
    known.set(trimmed, url);
    return url;
  };
}

function resolve(href: string, baseUrl: string): string | undefined {
  if (href.length > maxUrlLength) return undefined;
  if (settled.test(href)) return href;
  const url = URL.parse(href, baseUrl);
  return url && allowed.has(url.protocol) ? url.href : undefined;
}

/** A link destination that parses back to the URL. */
export function destination(url: string): string {
  if (!/[()\\&`|<>\s]/.test(url)) return url;
  const isBalanced = hasBalancedParentheses(url);
  let out = "";
  for (let at = 0; at < url.length; at++) {
    const char = url.charAt(at);
    if (char === "\\" || (char === "&" && isEntityAt(url, at))) out += `\\${char}`;
    else if ((char === "(" || char === ")") && !isBalanced) out += `\\${char}`;
    else if (char === "`" || char === "<" || char === ">" || char === "|" || char.trim() === "") {
      out += encodeURIComponent(char);
    } else out += char;
  }
  return out;
}

function hasBalancedParentheses(url: string): boolean {
  let depth = 0;
  for (let at = 0; at < url.length; at++) {
    const code = url.charCodeAt(at);
    if (code === 40 && ++depth > 3) return false;
    if (code === 41 && --depth < 0) return false;
  }
  return depth === 0;
}

/** ` "title"` to go after a destination, or the empty string. */
export function linkTitle(title: string | undefined): string {
  const text = title?.replace(/\s+/g, " ").trim();
  if (!text) return "";
  return ` "${text.replace(/[\\"&<`[\]*_]/g, (char) => `\\${char}`)}"`;
}
