import { normalizeRobotsPath, type RobotsFile, toProductToken } from "./robots-file.ts";

export { parseRobots, type RobotsFile, type RobotsGroup, type RobotsRule } from "./robots-file.ts";

/** A rule cut at its stars, which makes matching a walk from left to right without backtracking. */
type Matcher = { allow: boolean; length: number; pieces: string[]; isAnchored: boolean };

type Verdicts = { matchers: Matcher[]; crawlDelayMs: number | undefined };

const verdictsByFile = new WeakMap<RobotsFile, Map<string, Verdicts>>();

/**
 * Whether a crawler may fetch `url` (RFC 9309 §2.2.2): by the longest rule that matches, the friendlier of two as long.
 * `productToken` may be a whole user agent. False for what is no URL; robots.txt itself is always allowed.
 */
export function isAllowed(robots: RobotsFile, productToken: string, url: string): boolean {
  const parsed = URL.parse(url);
  if (!parsed) return false;
  if (parsed.pathname === "/robots.txt") return true;
  const { matchers } = verdictsFor(robots, productToken);
  if (matchers.length === 0) return true;
  const subject = normalizeRobotsPath(parsed.pathname + parsed.search, "url");
  return matchers.find((matcher) => matchesPath(matcher, subject))?.allow ?? true;
}

/** `Crawl-delay` for a crawler, the longest if there are several; `undefined` when none is asked for. */
export function crawlDelayMs(robots: RobotsFile, productToken: string): number | undefined {
  return verdictsFor(robots, productToken).crawlDelayMs;
}

/** All groups that name the crawler, as one; those of `*` when none does (RFC 9309 §2.2.1). */
function verdictsFor(robots: RobotsFile, productToken: string): Verdicts {
  const token = toProductToken(productToken) ?? "*";
  const byToken = verdictsByFile.get(robots) ?? new Map<string, Verdicts>();
  const known = byToken.get(token);
  if (known) return known;

  const named = robots.groups.filter((group) => group.agents.includes(token));
  const groups = named.length > 0 ? named : robots.groups.filter((group) => group.agents.includes("*"));
  const delays = groups.flatMap((group) => group.crawlDelayMs ?? []);
  const verdicts = {
    matchers: groups
      .flatMap((group) => group.rules)
      .map(toMatcher)
      // The first that matches decides.
      .sort((a, b) => b.length - a.length || Number(b.allow) - Number(a.allow)),
    crawlDelayMs: delays.length > 0 ? delays.reduce((a, b) => Math.max(a, b)) : undefined,
  };
  byToken.set(token, verdicts);
  verdictsByFile.set(robots, byToken);
  return verdicts;
}

function toMatcher({ allow, path }: { allow: boolean; path: string }): Matcher {
  const isAnchored = path.endsWith("$");
  const pattern = isAnchored ? path.slice(0, -1) : path;
  return { allow, length: path.length, pieces: pattern.split(/\*+/), isAnchored };
}

/** The first piece stands at the start, the last at the end if anchored, and each other at the first place it can. */
function matchesPath({ pieces, isAnchored }: Matcher, subject: string): boolean {
  const first = pieces[0] ?? "";
  if (!subject.startsWith(first)) return false;
  let at = first.length;
  if (pieces.length === 1) return !isAnchored || at === subject.length;
  const last = isAnchored ? pieces.length - 1 : pieces.length;
  for (let index = 1; index < last; index++) {
    const piece = pieces[index] ?? "";
    const found = subject.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  const end = isAnchored ? (pieces.at(-1) ?? "") : "";
  return subject.length - end.length >= at && subject.endsWith(end);
}
