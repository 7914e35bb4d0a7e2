import { RE2JS, RE2JSException, RE2JSSyntaxException } from "re2js";
import { AppError } from "../errors.ts";
import { globToRegExp, PatternFault } from "./glob.ts";

const maxPatternLength = 1_000;

/** Instructions of a compiled pattern. Matching takes at most this times the URL's length in steps. */
const maxProgramSize = 2_000;

/** Which URLs a person means: `/docs/**`, `https://*.example.com/**`, `re:/v[0-9]+/`. */
export type Pattern = {
  readonly text: string;
  /** Whether it is held against the whole URL, or against the path and query only. */
  readonly isWholeUrl: boolean;
  readonly expression: RE2JS;
};

/**
 * Reads a glob, or a regular expression after `re:`. A glob must match all of its subject, a regular expression any part.
 * The subject is the whole URL when the pattern begins with a scheme (`https://`, `*://`; for a regular expression: when
 * it contains `://` or begins with `^http`), else the path and query. Regular expressions are RE2's: strangers send
 * them, and RE2 takes linear time whatever they say, at the price of look-around and back-references.
 * @throws AppError `invalid`, with the place of the fault
 */
export function compilePattern(text: string): Pattern {
  if (text.length > maxPatternLength) {
    const shown = JSON.stringify(`${text.slice(0, 40)}…`);
    throw new AppError("invalid", `Pattern ${shown} has ${text.length} characters; ${maxPatternLength} are allowed`);
  }
  try {
    return text.startsWith("re:") ? compileRegExp(text) : compileGlob(text);
  } catch (error) {
    if (!(error instanceof PatternFault)) throw error;
    throw new AppError("invalid", `Pattern "${text}" is bad at character ${error.at + 1}: ${error.message}`);
  }
}

/** Whether a canonical URL is meant. */
export function matches(pattern: Pattern, url: string): boolean {
  return pattern.expression.test(pattern.isWholeUrl ? url : pathAndQuery(url));
}

function compileGlob(text: string): Pattern {
  const origin = /^(?:https?|\*):\/\/[^/]*/i.exec(text)?.[0];
  if (origin === undefined) {
    checkPathGlob(text);
    return { text, isWholeUrl: false, expression: compileExpression(globToRegExp(text), text, 0) };
  }
  // Hosts are lower-case in canonical URLs, and their path is never empty.
  const glob =
    origin.toLowerCase() + (text.length === origin.length && !/[*}]$/.test(text) ? "/" : text.slice(origin.length));
  return { text, isWholeUrl: true, expression: compileExpression(globToRegExp(glob), text, 0) };
}

/** A glob that no path can match is a slip worth telling: every path begins with a slash, and `*` does not match one. */
function checkPathGlob(text: string): void {
  if (text === "") throw new PatternFault(0, "it is empty");
  if (text.startsWith("/") || text.startsWith("**") || text.startsWith("{")) return;
  const mend = /^[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:\/|$)/.test(text)
    ? `"/${text}" or "*://${text}"`
    : `"/${text}" or "**/${text}"`;
  throw new PatternFault(0, `it can match no path, since every path begins with "/"; write ${mend}`);
}

function compileRegExp(text: string): Pattern {
  const source = text.slice("re:".length);
  if (source === "") throw new PatternFault("re:".length, `"re:" has no regular expression after it`);
  const isWholeUrl = source.includes("://") || source.startsWith("^http");
  return { text, isWholeUrl, expression: compileExpression(source, text, "re:".length) };
}

/**
 * Compiles RE2's syntax; `text` is what the caller wrote, with the source at `offset`.
 * @throws PatternFault
 */
export function compileExpression(source: string, text: string, offset: number): RE2JS {
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw toFault(error, source, offset);
  }
  if (expression.programSize() > maxProgramSize) {
    throw new PatternFault(text.length, "it unfolds to too many states; use smaller repetition counts");
  }
  return expression;
}

function toFault(error: RE2JSException, source: string, offset: number): PatternFault {
  if (!(error instanceof RE2JSSyntaxException)) return new PatternFault(offset, error.message);
  const description = error.getDescription();
  if (description.endsWith(" )")) return new PatternFault(offset + unbalancedParenthesis(source), description);
  const part = error.getPattern() ?? "";
  if (/^\(\?(?:[=!]|<[=!])/.test(part))
    return new PatternFault(offset + source.lastIndexOf(part), "look-around is not supported");
  // RE2 names the offending part, not its place: the last one, since what comes before was read without complaint.
  return new PatternFault(
    offset + Math.max(0, source.lastIndexOf(part)),
    part ? `${description} (${part})` : description,
  );
}

/** Where the parenthesis is that has no other half: the last one left open, or the one that closes nothing. */
function unbalancedParenthesis(source: string): number {
  const open: number[] = [];
  // Escapes and sets are read as one, so that a parenthesis within is not counted.
  for (const token of source.matchAll(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()]/gs)) {
    if (token[0] === "(") open.push(token.index);
    else if (token[0] === ")" && open.pop() === undefined) return token.index;
  }
  return open.at(-1) ?? 0;
}

function pathAndQuery(url: string): string {
  return url.slice(url.indexOf("/", url.indexOf("://") + 3));
}
