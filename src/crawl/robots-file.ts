/** One `Allow` or `Disallow` line; `path` is normalised for comparison, `*` and a final `$` keep their meaning. */
export type RobotsRule = { allow: boolean; path: string };

/** The rules for some user agents, whose product tokens are lower-case; `*` is everyone who is not named elsewhere. */
export type RobotsGroup = { agents: string[]; rules: RobotsRule[]; crawlDelayMs?: number };

/** What a robots.txt says. Plain data: it can be kept as JSON. */
export type RobotsFile = {
  groups: RobotsGroup[];
  /** `Sitemap` lines as they stand, usually absolute URLs. */
  sitemaps: string[];
};

/** RFC 9309 §2.5 asks for 500 KiB at least; what comes after is ignored. */
const maxBytes = 512 * 1024;

const maxSitemaps = 1_000;

/** Slips that are common enough for the large crawlers to obey them. */
const keys: Record<string, string> = {
  useragent: "user-agent",
  "user agent": "user-agent",
  dissallow: "disallow",
  disalow: "disallow",
  diasllow: "disallow",
  "crawl delay": "crawl-delay",
  crawldelay: "crawl-delay",
  "site-map": "sitemap",
};

/** Reads a robots.txt (RFC 9309 §2.2). Never throws: lines that can't be understood are passed over. */
export function parseRobots(body: string | Uint8Array): RobotsFile {
  const file: RobotsFile = { groups: [], sitemaps: [] };
  let group: RobotsGroup | undefined;
  let isNaming = false;
  for (const [key, value] of readLines(body)) {
    if (key === "user-agent") {
      // Only a rule ends the names of a group; other records don't (§2.2.4), `Crawl-delay` among them.
      if (!group || !isNaming) {
        group = { agents: [], rules: [] };
        file.groups.push(group);
      }
      isNaming = true;
      const token = toProductToken(value);
      if (token !== undefined) group.agents.push(token);
    } else if (key === "allow" || key === "disallow") {
      isNaming = false;
      // An empty path restricts nothing (§2.2, "empty-pattern").
      if (group && value !== "") group.rules.push({ allow: key === "allow", path: normalizeRobotsPath(value, "rule") });
    } else if (key === "crawl-delay" && group) {
      const delayMs = parseSeconds(value);
      if (delayMs !== undefined) group.crawlDelayMs = Math.max(group.crawlDelayMs ?? 0, delayMs);
    } else if (key === "sitemap" && value !== "" && file.sitemaps.length < maxSitemaps) {
      file.sitemaps.push(value);
    }
  }
  return file;
}

/** The token a crawler is known by: `orbweaver` of `Orbweaver/1.0 (+https://…)`, or `*`; `undefined` when there is none. */
export function toProductToken(userAgent: string): string | undefined {
  if (/^\*(?:\s|$)/.test(userAgent)) return "*";
  // RFC 9309 has letters, `_` and `-` only; digits are read too, since names with them are in use.
  return /^[a-z0-9_-]+/i.exec(userAgent)?.[0].toLowerCase();
}

/**
 * Puts a rule's path, or a URL's path and query, into the one form in which they are compared octet by octet (RFC 9309
 * §2.2.2): what is no URL character is percent-encoded, unreserved characters are not, the rest stays as it is written. In the
 * query, reserved characters mean the same either way, as in the RFC's example; those that divide it (`&`, `=`, `+`, `#`,
 * `%`) excepted. A `*` or `$` of a URL is encoded, so that a rule can name it by `%2A` or `%24` (§2.2.3).
 */
export function normalizeRobotsPath(text: string, of: "rule" | "url"): string {
  if (/^[a-z0-9/_.~-]*$/i.test(text)) return text;
  const question = text.indexOf("?");
  const queryAt = question < 0 ? text.length : question;
  return text.toWellFormed().replace(/%[0-9a-f]{2}|[^\x21-\x7e]+|[*$"<>\\^`{|}]/gi, (part, at: number) => {
    if (part === "*") return of === "url" ? "%2A" : part;
    if (part === "$") return of === "url" || at < text.length - 1 ? "%24" : part;
    if (part.length !== 3 || part[0] !== "%") return encodeURIComponent(part);
    const character = String.fromCharCode(Number.parseInt(part.slice(1), 16));
    const isPlain = /[a-z0-9._~-]/i.test(character) || (at > queryAt && ":/?[]@!'(),;".includes(character));
    return isPlain ? character : part.toUpperCase();
  });
}

/** Keys (lower-case) and values of the lines that have both. */
function* readLines(body: string | Uint8Array): Generator<[string, string]> {
  for (const line of toText(body).split(/\r\n|\r|\n/)) {
    const comment = line.indexOf("#");
    const content = comment < 0 ? line : line.slice(0, comment);
    const colon = content.indexOf(":");
    if (colon < 0) continue;
    const key = content.slice(0, colon).trim().toLowerCase();
    yield [keys[key] ?? key, content.slice(colon + 1).trim()];
  }
}

function toText(body: string | Uint8Array): string {
  const isCut = body.length > maxBytes;
  const text =
    typeof body === "string" ? body.slice(0, maxBytes) : new TextDecoder().decode(body.subarray(0, maxBytes));
  const clean = text.startsWith("\uFEFF") ? text.slice(1) : text;
  // Half a path would be another rule.
  return isCut ? clean.slice(0, Math.max(clean.lastIndexOf("\n"), clean.lastIndexOf("\r")) + 1) : clean;
}

function parseSeconds(value: string): number | undefined {
  return /^\d{1,9}(?:\.\d{1,9})?$|^\.\d{1,9}$/.test(value) ? Math.round(Number(value) * 1_000) : undefined;
}
