import { isFarDate } from "./calendar.ts";
import { createMetStrings, createRecentMap } from "./recent.ts";
import type { SkipReason } from "./scope.ts";
import { shapeOf, toUrlParts, type UrlParts } from "./url-shape.ts";

/** Bounds no site made by people comes near, each with its default. */
export type TrapBounds = {
  /** Characters of a URL. 1,500. */
  maxLength?: number;
  /** Segments of a path. 25. */
  maxPathDepth?: number;
  /** Parameters of a query. 12. */
  maxParameters?: number;
  /** Parameters with one name. 4. */
  maxSameParameter?: number;
  /** URLs of one shape. 100,000. */
  maxPerShape?: number;
  /** URLs of one shape that has four parameters or more, which are filters to be combined. 2,000. */
  maxPerFilterShape?: number;
  /** URLs of one host. 5,000,000. */
  maxPerHost?: number;
  /** Pages of one shape with content known from that shape, beyond those with new content. 25. */
  maxDuplicates?: number;
  /** Redirects of one shape, beyond pages with new content. 2,000. */
  maxRedirects?: number;
};

export type TrapGuard = {
  /** Whether a canonical URL may join the frontier. Cheap to repeat: a URL counts for the budgets once. */
  check(url: string, now: Date): "ok" | SkipReason;
  /** Tells what a page contained, so that a shape that brings the same again and again is found out. */
  observe(url: string, contentHash: string): void;
  /** Tells that a URL only led elsewhere. */
  observeRedirect(url: string): void;
};

/** `credit` rises with each page of new content and falls with each duplicate; nothing left makes a farm. */
type Shape = { urls: number; credit: number; redirectCredit: number };

/** Parameters from which on a query is a set of filters, not a key. */
const filterParameters = 4;

/** What good pages can earn: a farm that grows on a large honest shape is left after as many duplicates. */
const maxCredit = 1_000;

const maxShapes = 20_000;
const maxHosts = 10_000;
/** Eight megabytes for the last layer, enough for the ten million pages that a crawl may have. */
const maxMetBits = 2 ** 26;

/**
 * Keeps a crawl out of places without end. What it remembers is bounded: 22 MB for the URLs and contents it has met, and
 * 20,000 shapes and 10,000 hosts, of which those longest unused are forgotten and begin anew.
 */
export function createTrapGuard(bounds: TrapBounds = {}): TrapGuard {
  const { maxLength = 1_500, maxPathDepth = 25, maxParameters = 12, maxSameParameter = 4 } = bounds;
  const { maxPerShape = 100_000, maxPerFilterShape = 2_000, maxPerHost = 5_000_000 } = bounds;
  const { maxDuplicates = 25, maxRedirects = 2_000 } = bounds;
  const shapes = createRecentMap<Shape>(maxShapes);
  const hosts = createRecentMap<{ urls: number }>(maxHosts);
  const countedUrls = createMetStrings(maxMetBits);
  const contents = createMetStrings(maxMetBits);

  function check(url: string, now: Date): "ok" | SkipReason {
    if (url.length > maxLength) return "too_long";
    const parts = toUrlParts(url);
    if (parts.segments.length > maxPathDepth) return "path_depth";
    if (hasRepetition(parts.segments)) return "path_repetition";
    if (parts.parameters.length > 0 && isGrowing(parts.parameters)) return "query_growth";
    if (isFarDate(parts, now)) return "calendar";
    return checkBudgets(url, parts);
  }

  function isGrowing(parameters: UrlParts["parameters"]): boolean {
    if (parameters.length > maxParameters) return true;
    // Canonical queries are sorted, so that one name stands together.
    let same = 1;
    for (let index = 1; index < parameters.length; index++) {
      same = parameters[index]?.name === parameters[index - 1]?.name ? same + 1 : 1;
      if (same > maxSameParameter) return true;
    }
    return false;
  }

  function checkBudgets(url: string, parts: UrlParts): "ok" | SkipReason {
    const shape = getShape(shapeOf(parts, filterParameters));
    if (shape.credit <= 0 || shape.redirectCredit <= 0) return "duplicate_farm";
    if (countedUrls.has(url)) return "ok";
    const maxUrls = parts.parameters.length >= filterParameters ? maxPerFilterShape : maxPerShape;
    if (shape.urls >= maxUrls) return "pattern_budget";
    const host = hosts.get(parts.host) ?? { urls: 0 };
    if (host.urls >= maxPerHost) return "host_budget";
    shape.urls += 1;
    host.urls += 1;
    if (host.urls === 1) hosts.set(parts.host, host);
    countedUrls.add(url);
    return "ok";
  }

  function getShape(key: string): Shape {
    const known = shapes.get(key);
    if (known) return known;
    const shape = { urls: 0, credit: maxDuplicates, redirectCredit: maxRedirects };
    shapes.set(key, shape);
    return shape;
  }

  return {
    check,
    observe(url, contentHash) {
      const key = shapeOf(toUrlParts(url), filterParameters);
      const shape = getShape(key);
      const content = `${contentHash} ${key}`;
      if (contents.has(content)) {
        shape.credit -= 1;
        return;
      }
      contents.add(content);
      shape.credit = Math.min(Math.max(maxCredit, maxDuplicates), shape.credit + 1);
      shape.redirectCredit = Math.min(maxRedirects, shape.redirectCredit + 1);
    },
    observeRedirect(url) {
      getShape(shapeOf(toUrlParts(url), filterParameters)).redirectCredit -= 1;
    },
  };
}

/**
 * Whether a relative link gone wrong made the path: one to four segments three times in a row, or one segment five times.
 * `/tool/tool/tree/main/tool/tool` is a real path, and so is `/1/1/1` (a book, a chapter, a verse): numbers may repeat
 * six times.
 */
function hasRepetition(segments: string[]): boolean {
  if (segments.length < 3) return false;
  for (let period = 1; period <= 4 && period * 3 <= segments.length; period++) {
    let same = 0;
    let words = 0;
    for (let index = period; index < segments.length; index++) {
      const isSame = segments[index] === segments[index - period];
      same = isSame ? same + 1 : 0;
      words = isSame ? words + (isNumber(segments[index]) ? 0 : 1) : 0;
      if (same >= period * (words > 0 ? 2 : 6)) return true;
    }
  }
  return segments.length >= 5 && segments.some((segment) => !isNumber(segment) && countOf(segments, segment) >= 5);
}

function countOf(segments: string[], segment: string): number {
  let count = 0;
  for (const other of segments) if (other === segment) count += 1;
  return count;
}

function isNumber(segment: string | undefined): boolean {
  return segment !== undefined && /^\d+$/.test(segment);
}
