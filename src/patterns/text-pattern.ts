import type { RE2JS } from "re2js";
import { AppError } from "../errors.ts";
import { PatternFault } from "./glob.ts";
import { compileExpression } from "./pattern.ts";

const maxLength = 1_000;
/** Compiling an expression takes milliseconds, and a website's are asked for again and again. */
const MAX_REMEMBERED = 500;
/** What an expression costs at a character, however small it is. */
const LEAST_STEPS = 50;

/** What a person looks for in a text: words, in whatever case, or an expression. */
export type TextPattern = { readonly text: string } & (
  | { readonly kind: "words" /** In lower case. */; readonly words: string }
  | {
      readonly kind: "expression";
      readonly expression: RE2JS /** Instructions: what a character may cost. */;
      readonly size: number;
    }
);

const remembered = new Map<string, TextPattern>();

/**
 * Reads plain text, found anywhere and in any case, or a regular expression after `re:`: RE2's, as written, so `(?i)`
 * makes it forget case.
 * @throws AppError `invalid`, with the place of the fault
 */
export function compileTextPattern(text: string): TextPattern {
  if (text.length > maxLength) {
    throw new AppError("invalid", `The text has ${text.length} characters; ${maxLength} are allowed`);
  }
  if (!text.startsWith("re:")) {
    const words = foldText(text).trim();
    if (words === "") throw new AppError("invalid", "The text has nothing but white space");
    return { text, kind: "words", words };
  }
  const known = remembered.get(text);
  if (known) return known;
  try {
    const source = text.slice("re:".length);
    if (source === "") throw new PatternFault("re:".length, `"re:" has no regular expression after it`);
    const expression = compileExpression(source, text, "re:".length);
    const pattern: TextPattern = { text, kind: "expression", expression, size: expression.programSize() };
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(text, pattern);
    return pattern;
  } catch (error) {
    if (!(error instanceof PatternFault)) throw error;
    throw new AppError("invalid", `"${text}" is bad at character ${error.at + 1}: ${error.message}`);
  }
}

/** Steps that looking at one character takes at the most: some 25 ns each. */
export function stepsPerCharacter(pattern: TextPattern): number {
  return pattern.kind === "words" ? 1 : Math.max(pattern.size, LEAST_STEPS);
}

export function hasText(pattern: TextPattern, text: string): boolean {
  return pattern.kind === "words" ? foldText(text).includes(pattern.words) : pattern.expression.test(text);
}

/** As plain text is compared: without regard to case, to how characters are composed, or to kinds of white space. */
export function foldText(text: string): string {
  return text.normalize("NFC").toLowerCase().replace(/\s+/g, " ");
}
