import type { ChannelFilter } from "../db/schema/notifications.ts";
import { compilePattern, matches, type Pattern } from "../patterns/pattern.ts";
import { compileTextPattern, type TextPattern } from "../patterns/text-pattern.ts";

/** A channel's filter, compiled. */
export type EventFilter = {
  /** By all that needs no text. */
  takes(type: string, url: string, share: number | null): boolean;
  /** Texts of which what was added must have one; none when empty. */
  triggers: readonly TextPattern[];
};

/**
 * Filters are about pages: what is not of a page passes.
 * @throws AppError `invalid` for a pattern that can't be one
 */
export function compileFilter({
  include = [],
  exclude = [],
  triggerText = [],
  minShare = 0,
}: ChannelFilter): EventFilter {
  const included = include.map(compilePattern);
  const excluded = exclude.map(compilePattern);
  return {
    takes: (type, url, share) =>
      (included.length === 0 || matchesAny(included, url)) &&
      !matchesAny(excluded, url) &&
      (type !== "page.changed" || share === null || share >= minShare),
    triggers: triggerText.map(compileTextPattern),
  };
}

function matchesAny(patterns: readonly Pattern[], url: string): boolean {
  return patterns.some((pattern) => matches(pattern, url));
}
