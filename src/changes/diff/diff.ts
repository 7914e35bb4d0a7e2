import type { ChangeSummary } from "../../db/schema/pages.ts";

export type BlockKind = "heading" | "paragraph" | "list_item" | "table_row" | "code" | "quote" | "other";

/** A block of a Markdown text: what is compared as a whole before words are looked at. */
export type PlacedBlock = {
  kind: BlockKind;
  /**
   * Markdown that can stand by itself: without the indentation and the quote marks of what it stands in, items under a
   * dash whatever their list's mark or number is. Composed (NFC) and well-formed.
   */
  text: string;
  /** Headings above it as plain text, outermost first; its own is not among them. */
  section: string[];
  /** Among the blocks of its text. */
  index: number;
};

/** All that is not `added`, put together, is the old block's text to the letter; all that is not `removed` the new one's. */
export type WordPart = { kind: "same" | "added" | "removed"; text: string };

export type BlockChange =
  | { kind: "added"; after: PlacedBlock }
  | { kind: "removed"; before: PlacedBlock }
  | { kind: "moved"; before: PlacedBlock; after: PlacedBlock }
  | { kind: "changed"; before: PlacedBlock; after: PlacedBlock; words: WordPart[] };

export type Diff = {
  /** `coarse`: a bound was reached, so blocks or words may stand as removed and added that a closer look would match. */
  grain: "fine" | "coarse";
  /** In the order of the new text; what was removed stands where it was. */
  changes: BlockChange[];
  summary: ChangeSummary;
};
