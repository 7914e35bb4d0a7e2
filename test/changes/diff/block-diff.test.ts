import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { diffBlocks, diffMarkdown } from "../../../src/changes/diff/block-diff.ts";
import { readBlocks } from "../../../src/changes/diff/blocks.ts";
import type { BlockChange, WordPart } from "../../../src/changes/diff/diff.ts";
import { anyText, applyChanges, contentOf, editedTexts, markdownText } from "./samples.ts";

// A busy machine takes its time.
setDefaultTimeout(60_000);

const RUNS = { numRuns: 150 };
const pairs = fc.oneof(editedTexts, fc.tuple(markdownText, markdownText), fc.tuple(anyText, anyText));

describe("whatever the texts", () => {
  test("the changes make the new blocks of the old ones", () => {
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        const diff = diffMarkdown(before, after);

        expect(applyChanges(readBlocks(before), diff)).toEqual(readBlocks(after).map(contentOf));
      }),
      RUNS,
    );
  });

  test("a text does not differ from itself", () => {
    fc.assert(
      fc.property(fc.oneof(markdownText, anyText), (text) => {
        const { changes, summary } = diffMarkdown(text, text);

        expect(changes).toEqual([]);
        expect(summary).toEqual({
          added: 0,
          removed: 0,
          changed: 0,
          moved: 0,
          wordsAdded: 0,
          wordsRemoved: 0,
          share: 0,
        });
      }),
      RUNS,
    );
  });

  test("the way back shows the same changes the other way round", () => {
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        const [there, back] = [diffMarkdown(before, after), diffMarkdown(after, before)];

        const { added, removed, wordsAdded, wordsRemoved, ...others } = back.summary;
        expect(there.summary).toEqual({
          added: removed,
          removed: added,
          wordsAdded: wordsRemoved,
          wordsRemoved: wordsAdded,
          ...others,
        });
        expect(there.changes.map(toKey).sort()).toEqual(back.changes.map(turn).map(toKey).sort());
      }),
      RUNS,
    );
  });

  test("the words of a changed block are both of its texts to the letter", () => {
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        for (const change of diffMarkdown(before, after).changes) {
          if (change.kind !== "changed") continue;
          expect(textOf(change.words, "added")).toBe(change.before.text);
          expect(textOf(change.words, "removed")).toBe(change.after.text);
          expect(change.words.every(({ text }) => text !== "")).toBe(true);
        }
      }),
      RUNS,
    );
  });

  test("the share lies between 0 and 1, and the counts are those of the changes", () => {
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        const { changes, summary } = diffMarkdown(before, after);

        const count = (kind: BlockChange["kind"]) => changes.filter((change) => change.kind === kind).length;
        const { added, removed, changed, moved } = summary;
        expect({ added, removed, changed, moved }).toEqual({
          added: count("added"),
          removed: count("removed"),
          changed: count("changed"),
          moved: count("moved"),
        });
        expect(summary.share).toBeGreaterThanOrEqual(0);
        expect(summary.share).toBeLessThanOrEqual(1);
      }),
      RUNS,
    );
  });

  test("what was put in, left out and written anew at random is found, and nothing else", () => {
    const edit = fc.record({ at: fc.nat(), kind: fc.constantFrom("put in", "leave out", "write anew") });
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 60 }),
        fc.uniqueArray(edit, { selector: ({ at }) => at % 60, maxLength: 8 }),
        (length, edits) => {
          const old = Array.from(
            { length },
            (_, at) => `Block ${at} speaks of subject${at} and of matter${at} at length`,
          );
          const fresh = old.map((text) => [text]);
          const taken = new Set<number>();
          const expected = { added: 0, removed: 0, changed: 0 };
          for (const { at, kind } of edits) {
            const place = at % length;
            if (taken.has(place)) continue;
            taken.add(place);
            if (kind === "put in") {
              fresh[place]!.push(`Fresh${place} words${place} nowhere${place} seen${place}`);
              expected.added++;
            } else if (kind === "leave out") {
              fresh[place] = [];
              expected.removed++;
            } else {
              fresh[place] = [`${old[place]} today${place}`];
              expected.changed++;
            }
          }

          const { summary, changes } = diffMarkdown(old.join("\n\n"), fresh.flat().join("\n\n"));

          const { added, removed, changed, moved } = summary;
          expect({ added, removed, changed, moved }).toEqual({ ...expected, moved: 0 });
          const words = changes.flatMap((change) => (change.kind === "changed" ? change.words : []));
          expect(words.filter(({ kind }) => kind === "removed")).toEqual([]);
        },
      ),
      RUNS,
    );
  });
});

describe("what became of a block", () => {
  test("a price that changed is told with its old and new value", () => {
    expect(tell("The plan costs 1,299.00 € a year.\n", "The plan costs 1,399.00 € a year.\n")).toEqual([
      "changed The plan costs [-1,299.00-]{+1,399.00+} € a year.",
    ]);
  });

  test("a block that stands elsewhere is moved, and no text of it counts", () => {
    const { changes, summary } = diffMarkdown(
      "One thing.\n\nTwo things.\n\nThree things.\n",
      "Two things.\n\nThree things.\n\nOne thing.\n",
    );

    expect(changes).toMatchObject([{ kind: "moved", before: { index: 0 }, after: { index: 2 } }]);
    expect(summary).toMatchObject({ moved: 1, share: 0, wordsAdded: 0, wordsRemoved: 0 });
  });

  test("an item put in first does not change those whose number it changes", () => {
    expect(tell("1. Salt\n2. Pepper\n", "1. Oil\n2. Salt\n3. Pepper\n")).toEqual(["added - Oil"]);
  });

  test("a row of a table is told by itself, even where all but its first cell is new", () => {
    const table = (row: string) => `| Plan | Price | Users |\n| --- | --- | --- |\n${row}\n| Team | 50 | 20 |\n`;

    expect(tell(table("| Pro | 20 | 5 |"), table("| Pro | 25 | 8 |"))).toEqual([
      "changed | Pro | [-20-]{+25+} | [-5-]{+8+} |",
    ]);
  });

  test("a text of another kind, or of other words, is removed and added", () => {
    expect(tell("Opening hours today\n", "## Opening hours today\n")).toEqual([
      "removed Opening hours today",
      "added ## Opening hours today",
    ]);
    expect(tell("We are open.\n", "Closed for winter!\n")).toEqual([
      "removed We are open.",
      "added Closed for winter!",
    ]);
  });

  test("what is removed stands where it was", () => {
    expect(tell("A one.\n\nB two.\n\nC three.\n", "A one.\n\nC three.\n\nD four.\n")).toEqual([
      "removed B two.",
      "added D four.",
    ]);
  });

  test("headings above a block come with it", () => {
    const [change] = diffMarkdown("# Shop\n\n## Prices\n\nOld.\n", "# Shop\n\n## Prices\n\nOld.\n\nNew.\n").changes;

    expect(change).toMatchObject({
      kind: "added",
      after: { section: ["Shop", "Prices"], index: 3, kind: "paragraph" },
    });
  });

  test.each([
    ["other line ends", "One.\r\n\r\nTwo\r\nlines.\r\n"],
    ["lines broken elsewhere", "One.\n\nTwo lines.\n"],
    ["more blank lines", "One.\n\n\n\nTwo\nlines.\n\n"],
    ["spaces at ends of lines", "One.  \n\nTwo  \nlines.\n"],
  ])("%s are no change", (_, after) => {
    expect(diffMarkdown("One.\n\nTwo\nlines.\n", after).changes).toEqual([]);
  });

  test("letters are the same however they are composed", () => {
    expect(diffMarkdown("Cafe\u0301\n", "Caf\u00e9\n").changes).toEqual([]);
  });

  test("languages without spaces are compared by letter, emoji as a whole", () => {
    expect(tell("日本語のテキストです。\n", "日本語の文書です。\n")).toEqual([
      "changed 日本語の[-テキスト-]{+文書+}です。",
    ]);
    expect(tell("Family 👨‍👩‍👧 from 🇩🇪 here\n", "Family 👨‍👩‍👦 from 🇫🇷 here\n")).toEqual([
      "changed Family [-👨‍👩‍👧-]{+👨‍👩‍👦+} from [-🇩🇪-]{+🇫🇷+} here",
    ]);
  });
});

test("some of a text's blocks are compared as all of them are", () => {
  const [old, fresh] = ["# A\n\nOne old thing.\n\nStays.\n", "# B\n\nOne new thing.\n\nStays.\n"].map(readBlocks);

  const { changes } = diffBlocks(old!.slice(1), fresh!.slice(1));

  expect(changes).toMatchObject([{ kind: "changed", before: { index: 1 }, after: { index: 1 } }]);
});

describe("the share of changed text", () => {
  test("is what is new of the longer text, white space left out", () => {
    const { summary } = diffMarkdown("aaaa bbbb\n", "aaaa bbbb\n\ncc dd eeee\n");

    expect(summary).toMatchObject({ wordsAdded: 3, wordsRemoved: 0, share: 0.5 });
  });

  test("is what was removed where that is more", () => {
    expect(diffMarkdown("aaaa\n\nbbbbbbbbbbbb\n", "aaaa\n").summary.share).toBe(0.75);
  });

  test("counts a word that was replaced once", () => {
    expect(diffMarkdown("aaaa bbbb cccc ddd1\n", "aaaa bbbb cccc ddd2\n").summary.share).toBe(0.25);
  });

  test("is all where nothing stayed, and where there was nothing", () => {
    expect(diffMarkdown("One.\n", "Other!\n").summary.share).toBe(1);
    expect(diffMarkdown("", "One.\n").summary).toMatchObject({ added: 1, share: 1 });
    expect(diffMarkdown("", "").summary.share).toBe(0);
  });
});

function tell(before: string, after: string): string[] {
  return diffMarkdown(before, after).changes.map((change) => {
    if (change.kind === "added") return `added ${change.after.text}`;
    if (change.kind !== "changed") return `${change.kind} ${change.before.text}`;
    const marked = change.words.map(({ kind, text }) =>
      kind === "same" ? text : kind === "added" ? `{+${text}+}` : `[-${text}-]`,
    );
    return `changed ${marked.join("")}`;
  });
}

const textOf = (words: readonly WordPart[], without: WordPart["kind"]) =>
  words
    .filter(({ kind }) => kind !== without)
    .map(({ text }) => text)
    .join("");

/** Words aside, whose order is another. */
function toKey(change: BlockChange): string {
  const { words: _, ...places } = { words: [], ...change };
  return JSON.stringify(places, Object.keys({ kind: 0, before: 0, after: 0, text: 0, index: 0 }).sort());
}

function turn(change: BlockChange): BlockChange {
  if (change.kind === "added") return { kind: "removed", before: change.after };
  if (change.kind === "removed") return { kind: "added", after: change.before };
  return { ...change, before: change.after, after: change.before };
}
