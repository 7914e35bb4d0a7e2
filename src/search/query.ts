import { readWords } from "../passages/words.ts";
import { QueryFaults } from "./query-faults.ts";
import { takeFilters } from "./query-filters.ts";
import { type QueryToken, readTokens } from "./query-tokens.ts";

/** What is searched for, as it was written; places are UTF-16 offsets in the query. */
export type QueryNode =
  | { kind: "term"; text: string; start: number; end: number; isPrefix: boolean }
  | { kind: "phrase"; text: string; start: number; end: number }
  | { kind: "and" | "or"; nodes: QueryNode[] }
  | { kind: "not"; node: QueryNode };

/** What `site:`, `path:`, `lang:`, `type:`, `before:` and `after:` say; those under `not` were written with a minus. */
export type QueryFilters = {
  /** A host (`*.` before it for those below it), a host and the beginning of a path, or a website's id or name. */
  sites: string[];
  /** Beginnings, or patterns, as `readPathFilter` reads them. */
  paths: string[];
  /** In lower case. */
  languages: string[];
  pageTypes: string[];
  not: { sites: string[]; paths: string[]; languages: string[]; pageTypes: string[] };
  /** The page changed last at or after `since` and before `until`. */
  since?: Date;
  until?: Date;
};

const NO_LISTS = { sites: [], paths: [], languages: [], pageTypes: [] };
/** Of who only looks where he may. */
export const NO_FILTERS: QueryFilters = { ...NO_LISTS, not: NO_LISTS };

export type SearchQuery = {
  /** As it was written. */
  text: string;
  /** `undefined` when there are filters alone. */
  node: QueryNode | undefined;
  filters: QueryFilters;
};

const MAX_LENGTH = 1_000;
const MAX_TERMS = 64;
const MAX_DEPTH = 16;

/**
 * Reads a query as people write them: the syntax of PostgreSQL's `websearch_to_tsquery` (words that must all be there,
 * `"phrases"`, OR, a minus before what must not), with parentheses, `beginnings*` and filters. OR binds less than what
 * stands side by side, and in small letters at an end it is a word. Unlike PostgreSQL it tells what makes no sense.
 * @param options `now`: what `after:7d` counts from; `asTyped`: the last word may not be whole yet, and what is wrong at
 * the very end is forgiven
 * @throws AppError `invalid`, whose faults name the place of each: `query:12` is the twelfth UTF-16 unit
 */
export function parseQuery(text: string, options: { now: Date; asTyped?: boolean }): SearchQuery {
  const { now, asTyped = false } = options;
  const faults = new QueryFaults();
  if (text.length > MAX_LENGTH) {
    faults.add(MAX_LENGTH, `it has ${text.length} characters; ${MAX_LENGTH} are allowed`);
    faults.throwIfAny();
  }
  // They are seen by nobody, and databases take no NUL.
  const tokens = readTokens(text.replace(/\p{Cc}/gu, " "), asTyped, faults);
  checkNumber(tokens, faults);
  const isForgiven = (token: QueryToken) => asTyped && token.end === text.length;
  const { filters, rest } = takeFilters(tokens, { now, isForgiven, faults });
  const reading: Reading = { tokens: settleOrs(rest, asTyped, faults), at: 0, depth: 0, asTyped, faults };
  const node = readAlternatives(reading);
  if (node) checkPositive(node, faults);
  // Wrong parentheses leave nothing either, and have been told.
  faults.throwIfAny();
  if (!node && !hasFilters(filters)) {
    faults.add(0, `it has no word to look for`);
    faults.throwIfAny();
  }
  return { text, node: node && asTyped ? markLast(node, text.length) : node, filters };
}

function checkNumber(tokens: readonly QueryToken[], faults: QueryFaults): void {
  const terms = tokens.filter(({ kind }) => kind === "word" || kind === "phrase" || kind === "filter");
  const extra = terms[MAX_TERMS];
  if (!extra) return;
  faults.add(extra.start, `it has ${terms.length} words, phrases and filters; ${MAX_TERMS} are allowed`);
  faults.throwIfAny();
}

const hasFilters = ({ not, since, until, ...lists }: QueryFilters) =>
  since !== undefined || until !== undefined || [lists, not].some((each) => Object.values(each).flat().length > 0);

const ENDINGS = new Set(["word", "phrase", "close"]);
const BEGINNINGS = new Set(["word", "phrase", "open", "not"]);

/** An OR that has nothing before or after it is a word in small letters, and a slip in capital ones. */
function settleOrs(tokens: readonly QueryToken[], asTyped: boolean, faults: QueryFaults): QueryToken[] {
  const settled: QueryToken[] = [];
  tokens.forEach((token, index) => {
    const isBetween = ENDINGS.has(settled.at(-1)?.kind ?? "") && BEGINNINGS.has(tokens[index + 1]?.kind ?? "");
    if (token.kind !== "or" || isBetween) {
      settled.push(token);
    } else if (token.text !== "OR") {
      settled.push({ kind: "word", text: token.text, start: token.start, end: token.end, isPrefix: false });
    } else if (!asTyped || index < tokens.length - 1) {
      faults.add(token.start, `OR needs something on both sides; put it in quotes to look for the word`);
    }
  });
  return settled;
}

type Reading = {
  readonly tokens: readonly QueryToken[];
  at: number;
  depth: number;
  readonly asTyped: boolean;
  readonly faults: QueryFaults;
};

function readAlternatives(reading: Reading): QueryNode | undefined {
  const alternatives: (QueryNode | undefined)[] = [];
  do {
    if (reading.tokens[reading.at]?.kind === "or") reading.at += 1;
    alternatives.push(readSequence(reading));
  } while (reading.tokens[reading.at]?.kind === "or");
  return join("or", alternatives);
}

function readSequence(reading: Reading): QueryNode | undefined {
  const nodes: (QueryNode | undefined)[] = [];
  for (;;) {
    const token = reading.tokens[reading.at];
    if (!token || token.kind === "or" || (token.kind === "close" && reading.depth > 0)) return join("and", nodes);
    nodes.push(readOperand(reading, token));
  }
}

function readOperand(reading: Reading, token: QueryToken): QueryNode | undefined {
  reading.at += 1;
  switch (token.kind) {
    case "word":
      return toLeaf({ kind: "term", text: token.text, start: token.start, end: token.end, isPrefix: token.isPrefix });
    case "phrase":
      return toLeaf({ kind: "phrase", text: token.text, start: token.start, end: token.end });
    case "open":
      return readGroup(reading, token);
    case "not": {
      const next = reading.tokens[reading.at];
      const node = next && next.kind !== "or" && next.kind !== "close" ? readOperand(reading, next) : undefined;
      return node && (node.kind === "not" ? node.node : { kind: "not", node });
    }
    case "close":
      reading.faults.add(token.start, `")" closes nothing; leave it away, or put what it belongs to in quotes`);
      return undefined;
    default:
      return undefined;
  }
}

function readGroup(reading: Reading, open: QueryToken): QueryNode | undefined {
  const { tokens, asTyped, faults } = reading;
  if (reading.depth === MAX_DEPTH) {
    faults.add(open.start, `more than ${MAX_DEPTH} parentheses are open at once`);
    faults.throwIfAny();
  }
  if (tokens[reading.at]?.kind === "close") {
    faults.add(open.start, `the parentheses are empty; leave them away`);
  }
  reading.depth += 1;
  const node = readAlternatives(reading);
  reading.depth -= 1;
  if (tokens[reading.at]?.kind === "close") reading.at += 1;
  else if (!asTyped) faults.add(open.start, `"(" is never closed; write ")" at its end, or put it in quotes`);
  return node;
}

/** Punctuation that stands alone, such as an ampersand, is nothing that could be looked for. */
const toLeaf = (leaf: Extract<QueryNode, { kind: "term" | "phrase" }>): QueryNode | undefined =>
  readWords(leaf.text).length > 0 ? leaf : undefined;

function join(kind: "and" | "or", parts: readonly (QueryNode | undefined)[]): QueryNode | undefined {
  const nodes = parts.flatMap((part) => {
    if (!part) return [];
    return part.kind === kind ? part.nodes : [part];
  });
  return nodes.length > 1 ? { kind, nodes } : nodes[0];
}

/** Each alternative must say what is looked for: what only excludes would find nearly everything. */
function checkPositive(node: QueryNode, faults: QueryFaults): void {
  if (node.kind === "not") {
    faults.add(startOf(node), `it only excludes; add a word to look for`);
  } else if (node.kind === "or") {
    for (const each of node.nodes) checkPositive(each, faults);
  } else if (node.kind === "and") {
    const positive = node.nodes.filter(({ kind }) => kind !== "not");
    if (positive.length === 0) faults.add(startOf(node), `it only excludes; add a word to look for`);
    for (const each of positive) checkPositive(each, faults);
  }
}

function startOf(node: QueryNode): number {
  switch (node.kind) {
    case "not":
      return Math.max(0, startOf(node.node) - 1);
    case "and":
    case "or":
      return Math.min(...node.nodes.map(startOf));
    default:
      return node.start;
  }
}

/** Has the term at the very end stand for all that begin so. */
function markLast(node: QueryNode, end: number): QueryNode {
  if (node.kind === "and" || node.kind === "or") {
    return { kind: node.kind, nodes: node.nodes.map((each) => markLast(each, end)) };
  }
  return node.kind === "term" && node.end === end && node.text.length > 1 ? { ...node, isPrefix: true } : node;
}
