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
 * @param options `asTyped`: the last word may not be whole yet
 * @throws AppError `invalid`, naming the place of each fault
 */
export function parseQuery(_text: string, _options: { asTyped?: boolean } = {}): SearchQuery {
  throw new Error("to be written");
}
