import type { QueryFaults } from "./query-faults.ts";
import { FILTER_NAMES, type FilterName } from "./query-filters.ts";

/** A piece of a query; places are UTF-16 offsets. */
export type QueryToken =
  | { kind: "word"; text: string; start: number; end: number; isPrefix: boolean }
  | { kind: "phrase"; text: string; start: number; end: number }
  | { kind: "filter"; name: FilterName; value: string; start: number; end: number }
  | { kind: "or" | "not" | "open" | "close"; text: string; start: number; end: number };

/** Keyboards of telephones write these for the plain one. */
const QUOTES = /["“”„‟]/;
const SPACE = /\s/;

type Scan = {
  readonly text: string;
  readonly asTyped: boolean;
  readonly faults: QueryFaults;
  readonly tokens: QueryToken[];
  /** Where parentheses close that are opened inside a run without white space, such as those of `print()`. */
  readonly closings: ReadonlyMap<number, number>;
};

/** Cuts a query into its pieces. */
export function readTokens(text: string, asTyped: boolean, faults: QueryFaults): QueryToken[] {
  const scan: Scan = { text, asTyped, faults, tokens: [], closings: findClosings(text) };
  let at = 0;
  while (at < text.length) at = readToken(scan, at);
  return scan.tokens;
}

function readToken(scan: Scan, at: number): number {
  const { text, tokens } = scan;
  const character = text.charAt(at);
  if (SPACE.test(character)) return at + 1;
  if (QUOTES.test(character)) return readPhrase(scan, at);
  if (character === "(" || character === ")") {
    tokens.push({ kind: character === "(" ? "open" : "close", text: character, start: at, end: at + 1 });
    return at + 1;
  }
  // Two of them begin a flag, such as `--dry-run`, which is what is looked for.
  if (character === "-" && text[at + 1] !== "-") return readMinus(scan, at);
  return readFilter(scan, at) ?? readWord(scan, at);
}

function readPhrase({ text, asTyped, faults, tokens }: Scan, start: number): number {
  const end = findQuote(text, start + 1);
  if (end === -1) {
    // What is being typed is not a phrase yet, but its words are known.
    if (asTyped) return start + 1;
    faults.add(start, `the quote is never closed; write another ${text.charAt(start)} at its end, or leave it away`);
    return text.length;
  }
  tokens.push({ kind: "phrase", text: text.slice(start + 1, end), start, end: end + 1 });
  return end + 1;
}

function readMinus({ text, asTyped, faults, tokens }: Scan, start: number): number {
  const next = text.charAt(start + 1);
  if (next !== "" && next !== ")" && !SPACE.test(next)) {
    tokens.push({ kind: "not", text: "-", start, end: start + 1 });
  } else if (next !== "" || !asTyped) {
    faults.add(start, `the minus excludes nothing; write it right before a word, or leave it away`);
  }
  return start + 1;
}

/** @returns where it ends, `undefined` where none begins */
function readFilter(scan: Scan, start: number): number | undefined {
  const { text, asTyped, faults, tokens } = scan;
  const colon = text.slice(start, start + 7).indexOf(":");
  if (colon <= 0) return undefined;
  const written = text.slice(start, start + colon).toLowerCase();
  const name = FILTER_NAMES.find((each) => each === written);
  const valueAt = start + colon + 1;
  // As in `path::Path`, which is a name of Rust's.
  if (!name || text[valueAt] === ":") return undefined;
  if (QUOTES.test(text.charAt(valueAt))) {
    const end = findQuote(text, valueAt + 1);
    if (end === -1) {
      if (!asTyped) faults.add(valueAt, `the quote after ${name}: is never closed`);
      return text.length;
    }
    tokens.push({ kind: "filter", name, value: text.slice(valueAt + 1, end), start, end: end + 1 });
    return end + 1;
  }
  const end = findWordEnd(scan, valueAt);
  tokens.push({ kind: "filter", name, value: text.slice(valueAt, end), start, end });
  return end;
}

function readWord(scan: Scan, start: number): number {
  const { text, faults, tokens } = scan;
  const end = findWordEnd(scan, start);
  const written = text.slice(start, end);
  const isExcluded = tokens.at(-1)?.kind === "not" && tokens.at(-1)?.end === start;
  if (written.toLowerCase() === "or" && !isExcluded) {
    tokens.push({ kind: "or", text: written, start, end });
    return end;
  }
  const isPrefix = written.length > 1 && written.endsWith("*");
  const word = isPrefix ? written.slice(0, -1) : written;
  // One letter begins half of all words, but a character of Chinese is a word already.
  if (isPrefix && /^[^\P{L}\p{Lo}]$|^\p{N}$/u.test(word)) {
    faults.add(start, `"${written}" stands for too many words; write two letters at least before the star`);
  }
  tokens.push({ kind: "word", text: word, start, end, isPrefix });
  return end;
}

/** What is opened and closed within it belongs to it; another parenthesis or a quote ends it. */
function findWordEnd({ text, closings }: Scan, start: number): number {
  let at = start;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === ")" || SPACE.test(character) || QUOTES.test(character)) break;
    const closing = character === "(" ? closings.get(at) : at;
    if (closing === undefined) break;
    at = closing + 1;
  }
  return at;
}

function findQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (QUOTES.test(text.charAt(at))) return at;
  }
  return -1;
}

function findClosings(text: string): Map<number, number> {
  const closings = new Map<number, number>();
  let open: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "(") open.push(at);
    else if (character === ")") {
      const opened = open.pop();
      if (opened !== undefined) closings.set(opened, at);
    } else if (SPACE.test(character) || QUOTES.test(character)) open = [];
  }
  return closings;
}
