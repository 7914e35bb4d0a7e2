import { like, type SQL, sql } from "drizzle-orm";
import { type PathFilter, readPathFilter } from "../changes/change-search.ts";
import { beginningWith } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { globToRegExp } from "../patterns/glob.ts";
import { matches } from "../patterns/pattern.ts";
import type { QueryFilters } from "./query.ts";

/** What `path:` asks: of the database what it can tell, and of the program the rest. */
export type PathRules = {
  /** Alternatives. */
  included: SQL[];
  excluded: SQL[];
  isMeant: ((url: string) => boolean) | undefined;
};

export function readPathRules({ paths, not }: Pick<QueryFilters, "paths" | "not">): PathRules {
  const included = paths.map(readRule);
  const excluded = not.paths.map(readRule);
  const isAllKnown = included.every(({ condition }) => condition);
  const lacking = excluded.filter(({ condition }) => !condition);
  return {
    included: isAllKnown ? conditionsOf(included) : [],
    excluded: conditionsOf(excluded),
    isMeant:
      isAllKnown && lacking.length === 0
        ? undefined
        : (url) =>
            (isAllKnown || included.some((rule) => holds(rule, url))) && !lacking.some((rule) => holds(rule, url)),
  };
}

export const startsWith = (prefix: string) => like(pages.path, beginningWith(prefix));

/** As paths are kept. */
export const toKept = (prefix: string) => prefix.replace(/[^\x21-\x7e]+|["<>`{}]/gu, encodeURIComponent);

type Rule = PathFilter & { condition: SQL | undefined };

/** Each more makes PostgreSQL slower, until a path takes it milliseconds. */
const MAX_WILDCARDS = 8;

/** Expressions of strangers are for the program, where they take linear time; those made of globs mostly are plain. */
function readRule(text: string): Rule {
  const filter = readPathFilter(text, toKept);
  const { pattern, pathPrefix } = filter;
  if (!pattern) return { ...filter, condition: pathPrefix === undefined ? undefined : startsWith(pathPrefix) };
  const wildcards = text.match(/[*?{]/g)?.length ?? 0;
  if (pattern.isWholeUrl || text.startsWith("re:") || wildcards > MAX_WILDCARDS)
    return { ...filter, condition: undefined };
  return { ...filter, condition: sql`${pages.path} ~ ${toPostgres(globToRegExp(text))}` };
}

function holds({ pattern, pathPrefix }: Rule, url: string): boolean {
  if (pattern) return matches(pattern, url);
  const { pathname, search } = new URL(url);
  return pathPrefix !== undefined && (pathname + search).startsWith(pathPrefix);
}

const conditionsOf = (rules: readonly Rule[]) =>
  rules.flatMap(({ condition }) => (condition === undefined ? [] : [condition]));

/** RE2 and PostgreSQL write a character's number differently. */
const toPostgres = (expression: string) =>
  expression.replace(/\\x\{([0-9a-f]+)\}/g, (_, digits: string) => `\\u${digits.padStart(4, "0")}`);
