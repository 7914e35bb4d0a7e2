/** A word of a text, as it is searched. */
export type Word = {
  /** In lower case, composed (NFKC), marks kept: what dictionaries reduce to stems. */
  text: string;
  /** Where it stands, in UTF-16 code units. */
  start: number;
  end: number;
  /** Counted from 1; an identifier stands where its first part does. */
  position: number;
  /**
   * `word` is reduced to its stem; `whole` is an identifier of several parts, which follow as words, and is kept as it is;
   * `gram` is two characters of a script that is written without spaces, and is kept as it is.
   */
  kind: "word" | "whole" | "gram";
};

/** The words of a text in their order, by the same rules for what is searched and for what is searched for. */
export function readWords(_text: string): Word[] {
  throw new Error("to be written");
}
