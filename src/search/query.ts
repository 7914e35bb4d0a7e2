/** What is searched for, as it was written; places are UTF-16 offsets in the query. */
export type QueryNode =
  | { kind: "term"; text: string; start: number; end: number; isPrefix: boolean }
  | { kind: "phrase"; text: string; start: number; end: number }
  | { kind: "and" | "or"; nodes: QueryNode[] }
  | { kind: "not"; node: QueryNode };

/** What `site:`, `path:`, `lang:`, `type:`, `before:` and `after:` say; those under `not` were written with a minus. */
export type QueryFilters = {
  sites: string[];
  paths: string[];
  languages: string[];
  pageTypes: string[];
  not: { sites: string[]; paths: string[]; languages: string[]; pageTypes: string[] };
  /** The page changed last at or after `since` and before `until`. */
  since?: Date;
  until?: Date;
};

export type SearchQuery = {
  /** As it was written. */
  text: string;
  /** `undefined` when there are filters alone. */
  node: QueryNode | undefined;
  filters: QueryFilters;
};

/**
 * Reads a query as people write them: words, "phrases", OR, minus, parentheses, and filters.
 * @param options `now`: what `after:7d` counts from; `asTyped`: the last word may not be whole yet, and what is wrong at
 * the very end is forgiven
 * @throws AppError `invalid`, whose faults name the place of each: `query:12` is the twelfth UTF-16 unit
 */
export function parseQuery(_text: string, _options: { now: Date; asTyped?: boolean }): SearchQuery {
  throw new Error("to be written");
}
