import fc from "fast-check";
import type { Diff, PlacedBlock } from "../../../src/changes/diff/diff.ts";

/** Paragraphs, headings, items, rows and code, each its own block of Markdown. */
const word = fc.constantFrom(
  ..."alpha beta gamma delta price 12 1,299.00 don't 日本 語 naïve 👨‍👩‍👧 🇩🇪 שלום - * _x_".split(" "),
);
const line = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(" "));

export const markdownBlock = fc.oneof(
  { weight: 4, arbitrary: line.map((text) => `Text ${text}`) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 4 }), line).map(([level, text]) => `${"#".repeat(level)} ${text}`),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(line, { minLength: 1, maxLength: 4 })
      .map((items) => items.map((text) => `- x ${text}`).join("\n")),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(line, { minLength: 1, maxLength: 4 })
      .map((rows) => ["| a | b |", "| --- | --- |", ...rows.map((text) => `| ${text} | 1 |`)].join("\n")),
  },
  { weight: 1, arbitrary: fc.array(line, { maxLength: 4 }).map((lines) => ["```", ...lines, "```"].join("\n")) },
  { weight: 1, arbitrary: line.map((text) => `> Quote ${text}`) },
);

export const markdownText = fc.array(markdownBlock, { maxLength: 14 }).map((blocks) => `${blocks.join("\n\n")}\n`);

/** Anything at all: marks in any order, broken fences, line ends of all kinds, halves of characters. */
export const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "```",
        "~~~",
        "> ",
        "- ",
        "1. ",
        "| ",
        "|---|",
        "# ",
        "  ",
        "\t",
        "\\",
        "\ud83d",
        "\udc00",
        "\0",
        "\u202e",
        "e\u0301",
        "\u200d",
        "***",
      ),
      fc.string({ unit: "binary", maxLength: 6 }),
      line,
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

/** A text, and what became of it: blocks left out, put in, changed and moved. */
export const editedTexts = fc
  .tuple(
    fc.array(markdownBlock, { maxLength: 14 }),
    fc.array(fc.tuple(fc.nat(3), fc.nat(), fc.nat(), markdownBlock), { maxLength: 5 }),
  )
  .map(([blocks, edits]) => {
    const edited = [...blocks];
    for (const [kind, at, to, block] of edits) {
      const place = at % Math.max(1, edited.length);
      if (kind === 0) edited.splice(place, 0, block);
      else if (kind === 1) edited.splice(place, 1);
      else if (kind === 2) edited.splice(place, 1, `${edited[place] ?? ""} and more`);
      else edited.splice(to % (edited.length + 1), 0, ...edited.splice(place, 1));
    }
    return [`${blocks.join("\n\n")}\n`, `${edited.join("\n\n")}\n`] as const;
  });

/** What stands in a block, without the white space that does not count. */
export const contentOf = ({ kind, text }: PlacedBlock) => (kind === "code" ? text : text.replace(/\s+/g, " "));

/** Makes the new blocks of the old ones by the changes alone. */
export function applyChanges(before: readonly PlacedBlock[], { changes }: Diff): string[] {
  const gone = new Set(changes.flatMap((change) => (change.kind === "added" ? [] : [change.before.index])));
  const come = changes.flatMap((change) => (change.kind === "removed" ? [] : [change.after]));
  const staying = before.filter(({ index }) => !gone.has(index));
  const blocks = staying.map(contentOf);
  for (const block of come.toSorted((a, b) => a.index - b.index)) blocks.splice(block.index, 0, contentOf(block));
  return blocks;
}
