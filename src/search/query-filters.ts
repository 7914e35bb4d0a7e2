import { readPathFilter } from "../changes/change-search.ts";
import { daysBefore } from "../clock.ts";
import { PAGE_TYPES } from "../content/document.ts";
import { AppError } from "../errors.ts";
import type { QueryFilters } from "./query.ts";
import type { QueryFaults } from "./query-faults.ts";
import type { QueryToken } from "./query-tokens.ts";

export const FILTER_NAMES = ["site", "path", "lang", "type", "before", "after"] as const;
export type FilterName = (typeof FILTER_NAMES)[number];

type FilterToken = Extract<QueryToken, { kind: "filter" }>;
type ListName = keyof QueryFilters["not"];

/**
 * Takes the filters out of a query's pieces. They hold for the whole of it, and several of one name are alternatives, so
 * that an OR between them says nothing more.
 */
export function takeFilters(
  tokens: readonly QueryToken[],
  { now, isForgiven, faults }: { now: Date; isForgiven: (token: QueryToken) => boolean; faults: QueryFaults },
): { filters: QueryFilters; rest: QueryToken[] } {
  const filters: QueryFilters = { ...emptyLists(), not: emptyLists() };
  const rest: QueryToken[] = [];
  let depth = 0;
  tokens.forEach((token, index) => {
    if (token.kind === "open") depth += 1;
    if (token.kind === "close") depth -= 1;
    if (token.kind === "or" && isBetweenFilters(tokens, index, faults)) return;
    if (token.kind !== "filter") {
      rest.push(token);
      return;
    }
    const isExcluded = tokens[index - 1]?.kind === "not";
    if (isExcluded) rest.pop();
    if (isForgiven(token) && !isReadable(token, now)) return;
    if (depth > 0) {
      faults.add(token.start, `${token.name}: holds for the whole query; take it out of the parentheses`);
    } else {
      addFilter(filters, token, { isExcluded, now, faults });
    }
  });
  const { since, until } = filters;
  const last = tokens.findLast(({ kind }) => kind === "filter");
  if (since && until && since >= until && last) {
    faults.add(last.start, `no time is both after ${since.toISOString()} and before ${until.toISOString()}`);
  }
  return { filters, rest };
}

const emptyLists = () => ({ sites: [], paths: [], languages: [], pageTypes: [] });

function isBetweenFilters(tokens: readonly QueryToken[], index: number, faults: QueryFaults): boolean {
  const [before, or, after] = tokens.slice(Math.max(0, index - 1), index + 2);
  if (index === 0 || !before || !or || !after) return false;
  if (before.kind !== "filter" && after.kind !== "filter") return false;
  if (before.kind === "filter" && after.kind === "filter" && before.name === after.name) return true;
  const filter = before.kind === "filter" ? before : after;
  faults.add(
    or.start,
    `${filter.kind === "filter" ? `${filter.name}: holds` : "a filter holds"} for the whole query, so it is no alternative; leave the OR away`,
  );
  return true;
}

function isReadable(token: FilterToken, now: Date): boolean {
  try {
    readFilter(token, now);
    return true;
  } catch {
    return false;
  }
}

type Circumstances = { isExcluded: boolean; now: Date; faults: QueryFaults };

function addFilter(filters: QueryFilters, token: FilterToken, { isExcluded, now, faults }: Circumstances): void {
  try {
    const read = readFilter(token, now);
    if ("list" in read) {
      (isExcluded ? filters.not : filters)[read.list].push(read.value);
    } else if (isExcluded) {
      const other = token.name === "before" ? "after" : "before";
      faults.add(token.start, `a time takes no minus; write ${other}:${token.value} for the other side of it`);
    } else if (token.name === "after") {
      filters.since = filters.since && filters.since > read.time ? filters.since : read.time;
    } else {
      filters.until = filters.until && filters.until < read.time ? filters.until : read.time;
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    faults.add(token.start, error.message);
  }
}

/** @throws AppError `invalid` */
function readFilter({ name, value }: FilterToken, now: Date): { list: ListName; value: string } | { time: Date } {
  if (value.trim() === "") throw bad(`${name}: has nothing after it; write its value right behind the colon`);
  switch (name) {
    case "site":
      return { list: "sites", value: value.trim().replace(/^https?:\/\//i, "") };
    case "path":
      return { list: "paths", value: checkPath(value) };
    case "lang":
      return { list: "languages", value: checkLanguage(value) };
    case "type":
      return { list: "pageTypes", value: checkPageType(value) };
    default:
      return { time: readTime(name, value, now) };
  }
}

function checkPath(value: string): string {
  try {
    readPathFilter(value, (prefix) => prefix);
    return value;
  } catch (error) {
    throw bad(`path: takes the beginning of a path or a pattern: ${(error as Error).message}`);
  }
}

function checkLanguage(value: string): string {
  if (/^[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,3}$/i.test(value)) return value.toLowerCase();
  throw bad(`lang: takes the code of a language such as en or pt-BR, not "${value}"`);
}

function checkPageType(value: string): string {
  const type = PAGE_TYPES.find((each) => each === value.toLowerCase());
  if (type) return type;
  throw bad(`type: takes one of ${PAGE_TYPES.join(", ")}, not "${value}"`);
}

const DAYS_AGO = /^(\d{1,5})d$/i;
const DAY = /^\d{4}(?:-\d{2}(?:-\d{2})?)?$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/i;

/** The beginning of a year, a month or a day in UTC; an instant; or so many days ago. */
function readTime(name: "before" | "after", value: string, now: Date): Date {
  const [, days] = DAYS_AGO.exec(value) ?? [];
  if (days !== undefined) return daysBefore(now, Number(days));
  const day = DAY.test(value) ? value : INSTANT.exec(value)?.[1];
  const time = new Date(DAY.test(value) ? `${value}${"-01-01".slice(value.length - 4)}` : value.toUpperCase());
  // There is no 30 February, and JavaScript makes the 2nd of March of it.
  const isDay = day !== undefined && !day.startsWith("0000") && new Date(day).toJSON()?.startsWith(day) === true;
  if (isDay && time.toJSON() !== null) return time;
  throw bad(`${name}: takes a day such as 2026-01-31, a month, a year, an instant, or 7d for days ago, not "${value}"`);
}

const bad = (message: string) => new AppError("invalid", message);
