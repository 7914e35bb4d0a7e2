import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { diffMarkdown } from "../../../src/changes/diff/block-diff.ts";
import { readBlocks } from "../../../src/changes/diff/blocks.ts";
import { excerptOf } from "../../../src/changes/diff/excerpt.ts";
import { toDiffHtml } from "../../../src/changes/diff/html.ts";
import { viewDiff } from "../../../src/changes/diff/json.ts";
import { toDiffMarkdown } from "../../../src/changes/diff/markdown.ts";
import { toDiffText } from "../../../src/changes/diff/text.ts";
import { toUnifiedDiff } from "../../../src/changes/diff/unified.ts";
import { applyChanges, contentOf } from "./samples.ts";

// A busy machine takes its time.
setDefaultTimeout(60_000);

/** Numbers that look random and are always the same. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    yield state >>> 8;
  }
}

function words(count: number, different: number, seed: number): string {
  const random = numbers(seed);
  return Array.from({ length: count }, () => `w${(random.next().value as number) % different}`).join(" ");
}

const blocks = (count: number, write: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => write(at)).join("\n\n");
const lines = (count: number, write: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => write(at)).join("\n");

const HOSTILE: [name: string, before: string, after: string][] = [
  ["a line of a million characters", "x".repeat(1_000_000), "y".repeat(1_000_000)],
  ["common words in any order", words(50_000, 5_000, 1), words(50_000, 5_000, 2)],
  ["words turned round", words(20_000, 18_000, 1), words(20_000, 18_000, 1).split(" ").reverse().join(" ")],
  [
    "50,000 equal blocks with one between",
    blocks(50_000, () => "a"),
    blocks(50_000, (at) => (at === 25_000 ? "b" : "a")),
  ],
  ["50,000 distinct blocks", blocks(50_000, (at) => `block ${at}`), blocks(50_000, (at) => `block ${at + 70_000}`)],
  ["50,000 blocks turned round", blocks(50_000, (at) => `block ${at}`), blocks(50_000, (at) => `block ${49_999 - at}`)],
  [
    "50,000 blocks of ten kinds in any order",
    words(50_000, 10, 1).replaceAll(" ", "\n\n"),
    words(50_000, 10, 2).replaceAll(" ", "\n\n"),
  ],
  [
    "paragraphs of the same few words",
    blocks(1_500, (at) => words(60, 40, at)),
    blocks(1_500, (at) => words(60, 40, at + 9_000)),
  ],
  [
    "a list 3,000 levels deep",
    lines(3_000, (at) => `${" ".repeat(2 * at)}- x${at}`),
    lines(3_000, (at) => `${" ".repeat(2 * at)}- y${at}`),
  ],
  ["quotes 100,000 levels deep", `${">".repeat(100_000)} a\n${">".repeat(100_000)} b`, `${">".repeat(100_000)} c`],
  ["20,000 fences that nothing ends", "```\n".repeat(20_001), "~~~\n```\n".repeat(10_000)],
  [
    "a table of 5,000 rows with new figures",
    `|a|b|\n|-|-|\n${lines(5_000, (at) => `| row ${at} | ${at * 7} |`)}`,
    `|a|b|\n|-|-|\n${lines(5_000, (at) => `| row ${at} | ${at * 11 + 1} |`)}`,
  ],
  ["200,000 Han characters", "日本語の文".repeat(40_000), "中文日本".repeat(50_000)],
  ["accents and joiners without end", `a${"\u0301".repeat(300_000)}`, `👨${"\u200d".repeat(300_000)}`],
  ["halves of characters", "\ud83d ".repeat(100_000), "\udc00\ud83d\n\n".repeat(50_000)],
  ["a million line ends", "\r".repeat(500_000), "\r\n\t \n".repeat(200_000)],
];

describe("hostile texts are compared within bounds:", () => {
  test.each(HOSTILE)("%s", (_, before, after) => {
    const startedAt = process.cpuUsage();
    const diff = diffMarkdown(before, after);
    const used = process.cpuUsage(startedAt);

    // A second of a machine of its own is the aim, seen in the bench; quadratic time would be minutes.
    expect((used.user + used.system) / 1_000_000).toBeLessThan(6);
    const [old, fresh] = [readBlocks(before), readBlocks(after)];
    // Many blocks in new places take the test itself too long.
    if (diff.changes.length < 5_000) expect(applyChanges(old, diff)).toEqual(fresh.map(contentOf));
    expect(diff.summary.share).toBeLessThanOrEqual(1);
  });

  test("what is shown of them is bounded too", () => {
    const [before, after] = [
      blocks(5_000, (at) => `gone${at} ${"x".repeat(300)}`),
      blocks(5_000, (at) => `come${at} ${"y".repeat(300)}`),
    ];
    const diff = diffMarkdown(before, after);

    const view = viewDiff(diff);

    expect(view.changes).toHaveLength(500);
    expect(view.more).toBe(9_500);
    expect(excerptOf(diff)).toMatchObject({ added: { length: 10 }, removed: { length: 10 } });
    for (const text of [toDiffText(diff), toDiffMarkdown(diff), toDiffHtml(diff, "side_by_side", "T")]) {
      expect(text.length).toBeLessThan(1_000_000);
      expect(text).toContain("… and 9000 more");
    }
  });
});

test("beyond the bounds the result is coarser, and says so", () => {
  const diff = diffMarkdown("a\n\nb\n\n".repeat(3_000), "b\n\na\n\nc\n\n".repeat(2_000));

  expect(diff.grain).toBe("coarse");
  expect(diffMarkdown("Some words.\n", "Other words.\n").grain).toBe("fine");
});

test("the same texts compare the same each time", () => {
  const [before, after] = [words(8_000, 1_000, 5), words(8_000, 1_000, 6)];

  expect(Bun.hash(JSON.stringify(diffMarkdown(before, after)))).toBe(
    Bun.hash(JSON.stringify(diffMarkdown(before, after))),
  );
});

test("a patch of texts that share next to nothing is made at once", () => {
  const [before, after] = [
    lines(40_000, (at) => `w${at % 999}x${at % 7}`),
    lines(40_000, (at) => `w${at % 997}x${at % 11}`),
  ];

  const diff = toUnifiedDiff(before, after, { before: "a", after: "b" });

  expect(diff.match(/^\+(?!\+\+ )/gm)!.length - diff.match(/^-(?!-- )/gm)!.length).toBe(0);
});
