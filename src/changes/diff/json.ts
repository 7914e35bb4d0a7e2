import { type Static, Type } from "@sinclair/typebox";
import type { ChangeSummary } from "../../db/schema/pages.ts";
import type { BlockChange, Diff, PlacedBlock, WordPart } from "./diff.ts";

/** Changes shown at once, at most. */
export const MAX_CHANGES = 500;
/** UTF-16 units of a block, or of a part of one, that are shown. */
const MAX_LENGTH = 10_000;

const CutText = {
  text: Type.String({
    description: "Markdown, without what it stands in",
    examples: ["The plan costs **12 €** a month."],
  }),
  is_cut: Type.Boolean({ description: "Whether the text goes on after what is shown", examples: [false] }),
};

const BlockView = Type.Object(
  {
    kind: Type.Union(
      (["heading", "paragraph", "list_item", "table_row", "code", "quote", "other"] as const).map((kind) =>
        Type.Literal(kind),
      ),
      { description: "What it is", examples: ["paragraph"] },
    ),
    ...CutText,
    section: Type.Array(Type.String(), { description: "Headings above it, outermost first", examples: [["Prices"]] }),
    index: Type.Integer({ minimum: 0, description: "Its place among the blocks of its version", examples: [4] }),
  },
  { description: "A block of the Markdown" },
);

const WordPartView = Type.Object({
  kind: Type.Union([Type.Literal("same"), Type.Literal("added"), Type.Literal("removed")], {
    description: "In both versions, in the newer one alone, or in the older one alone",
    examples: ["added"],
  }),
  ...CutText,
});

const count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });

export const ChangeSummaryView = Type.Object(
  {
    added: count("Blocks that are new", 1),
    removed: count("Blocks that are gone", 0),
    changed: count("Blocks with other words", 2),
    moved: count("Blocks that stand elsewhere", 0),
    words_added: count("Words that are new", 14),
    words_removed: count("Words that are gone", 9),
    share: Type.Number({
      minimum: 0,
      maximum: 1,
      description: "Changed text as a share of all text of the longer version; what only moved does not count",
      examples: [0.08],
    }),
  },
  { description: "How much differs" },
);

export const DiffView = Type.Object(
  {
    grain: Type.Union([Type.Literal("fine"), Type.Literal("coarse")], {
      description: "Coarse: the texts are so long and different that not all of them was matched closely",
      examples: ["fine"],
    }),
    summary: ChangeSummaryView,
    changes: Type.Array(
      Type.Object({
        kind: Type.Union(
          (["added", "removed", "moved", "changed"] as const).map((kind) => Type.Literal(kind)),
          { description: "What became of the block", examples: ["changed"] },
        ),
        before: Type.Optional(BlockView),
        after: Type.Optional(BlockView),
        words: Type.Optional(Type.Array(WordPartView, { description: "Of a changed block" })),
      }),
      { description: "In the order of the newer version; what was removed stands where it was" },
    ),
    more: count("Changes after those that are shown", 0),
  },
  { $id: "Diff", description: "What differs between two versions" },
);
export type DiffView = Static<typeof DiffView>;

/** A diff as it goes over the wire: long texts are cut, and of many changes so many are shown from `offset` on. */
export function viewDiff({ grain, changes, summary }: Diff, { offset = 0, limit = MAX_CHANGES } = {}): DiffView {
  const shown = changes.slice(offset, offset + Math.min(limit, MAX_CHANGES));
  return {
    grain,
    summary: viewChangeSummary(summary),
    changes: shown.map(viewChange),
    more: Math.max(0, changes.length - offset - shown.length),
  };
}

export function viewChangeSummary(summary: ChangeSummary): Static<typeof ChangeSummaryView> {
  const { added, removed, changed, moved, wordsAdded, wordsRemoved, share } = summary;
  return { added, removed, changed, moved, words_added: wordsAdded, words_removed: wordsRemoved, share };
}

function viewChange(change: BlockChange): DiffView["changes"][number] {
  return {
    kind: change.kind,
    ...("before" in change ? { before: viewBlock(change.before) } : {}),
    ...("after" in change ? { after: viewBlock(change.after) } : {}),
    ...("words" in change ? { words: change.words.map(viewPart) } : {}),
  };
}

function viewBlock({ kind, text, section, index }: PlacedBlock) {
  return { kind, ...cut(text), section, index };
}

function viewPart({ kind, text }: WordPart) {
  return { kind, ...cut(text) };
}

function cut(text: string): { text: string; is_cut: boolean } {
  const isCut = text.length > MAX_LENGTH;
  return { text: isCut ? text.slice(0, MAX_LENGTH).toWellFormed() : text, is_cut: isCut };
}
