import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { type Chunk, type ChunkOptions, toChunks } from "../../src/content/chunks.ts";
import { estimateTokens } from "../../src/content/token-estimate.ts";
import { tokenTexts } from "./token-texts.ts";

const document = `Before all.

# Webs {of spiders}

An orb web is spun anew each night. It takes about an hour.

## Threads

### Frame

- Dry and strong.
- Anchored at \`three\` points.

### Spiral

Sticky.
`;

test("a text is split at its headings, each passage with the path to it", () => {
  const chunks = toChunks(document, { title: "Spiders" });

  expect(chunks.map(({ headingPath, text }) => [headingPath, text])).toEqual([
    [["Spiders"], "Before all.\n\n"],
    [
      ["Spiders", "Webs {of spiders}"],
      "# Webs {of spiders}\n\nAn orb web is spun anew each night. It takes about an hour.\n\n",
    ],
    [
      ["Spiders", "Webs {of spiders}", "Threads", "Frame"],
      "## Threads\n\n### Frame\n\n- Dry and strong.\n- Anchored at `three` points.\n\n",
    ],
    [["Spiders", "Webs {of spiders}", "Threads", "Spiral"], "### Spiral\n\nSticky.\n"],
  ]);
  expect(chunks.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
});

test("anchors come from the document's headings, of which some may be missing from the Markdown", () => {
  const headings = [
    { level: 1, text: "Not there", anchor: "no" },
    { level: 1, text: "Webs {of spiders}", anchor: "webs" },
    { level: 2, text: "Threads" },
    { level: 3, text: "Spiral", anchor: "spiral" },
  ];

  expect(toChunks(document, { headings }).map(({ anchor }) => anchor)).toEqual([undefined, "webs", "webs", "spiral"]);
});

test("underlined headings are headings, and marks in them are no part of a path", () => {
  const chunks = toChunks(
    "Webs\n====\n\na\n\n**Bold** and [a \\* link](https://a.example)\n---\n\nb\n\n# `code` ##\n\nc\n",
  );

  expect(chunks.map(({ headingPath }) => headingPath)).toEqual([
    ["Webs"],
    ["Webs", "**Bold** and [a \\* link](https://a.example)".replace(/\*\*|[[\\]|\]\(.*/g, "")],
    ["code"],
  ]);
});

describe("what is too long for one passage", () => {
  const small = { maxTokens: 40, overlapTokens: 0 };

  test("is split between sentences, and the next passage repeats the last of them", () => {
    const sentences = Array.from({ length: 12 }, (_, at) => `Sentence ${at} tells of a web and its spider. `);

    const chunks = toChunks(sentences.join(""), { maxTokens: 40, overlapTokens: 15 });

    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.every(({ text }) => text.startsWith("Sentence") && text.endsWith(". "))).toBe(true);
    for (const [at, { start }] of chunks.entries()) if (at > 0) expect(start).toBeLessThan(endOf(chunks, at - 1));
  });

  test("keeps a fence around each part of its code", () => {
    const code = Array.from({ length: 20 }, (_, at) => `  const thread${at} = spin(${at});`).join("\n");

    const chunks = toChunks(`- Code:\n\n  ~~~ts title=a\n${code}\n  ~~~\n`, small);

    expect(chunks.length).toBeGreaterThan(3);
    for (const { text } of chunks.slice(1, -1)) expect(text).toMatch(/^ {2}~~~ts\n(?: {2}const .*\n)+ {2}~~~\n$/);
    expect(chunks[0]?.text).toEndWith("\n  ~~~\n");
    expect(chunks.at(-1)?.text.match(/~~~/g)).toHaveLength(2);
  });

  test("keeps the head of a table over each part of its rows", () => {
    const rows = Array.from({ length: 20 }, (_, at) => `| thread ${at} | ${at} cm |`).join("\n");

    const chunks = toChunks(`| Name | Length |\n| --- | ---: |\n${rows}\n`, small);

    expect(chunks.length).toBeGreaterThan(3);
    for (const { text } of chunks)
      expect(text).toMatch(/^\| Name \| Length \|\n\| --- \| ---: \|\n(?:\| thread .*\n)+$/);
    expect(chunks.flatMap(({ text }) => text.match(/thread \d+/g) ?? [])).toHaveLength(20);
  });

  test("is split between words and characters where nothing else divides it", () => {
    const words = toChunks("web ".repeat(500), small);
    const signs = toChunks("蜘蛛".repeat(200) + "🕷".repeat(200), small);

    expect(words.every(({ text }) => text.endsWith("web "))).toBe(true);
    expect([...words, ...signs].every(({ tokens, text }) => tokens <= 40 && text.isWellFormed())).toBe(true);
  });

  test("leaves no heading alone", () => {
    const [first] = toChunks(`# Heading\n\n${"A sentence of some words stands here. ".repeat(6)}\n`, small);

    expect(first?.text).toContain("A sentence");
  });
});

test("passages cover the whole text in order, say what stands there, and keep within their size", () => {
  const word = fc.constantFrom(
    "web",
    "Spinne.",
    "蜘蛛。",
    "a|b",
    "`x`",
    "1.",
    "-",
    "*b*",
    "🕸",
    "#",
    "![i](u)",
    "  ",
    ">",
  );
  const line = fc.array(word, { maxLength: 12 }).map((words) => words.join(" "));
  const block = fc.oneof(
    line,
    fc
      .tuple(fc.constantFrom("# ", "## ", "### ", "- ", "1. ", "> ", "```js\n", "~~~\n", "```\n"), line)
      .map((parts) => parts.join("")),
    fc
      .array(line, { maxLength: 5 })
      .map((lines) => `| a | b |\n|---|---|\n${lines.map((each) => `| ${each} |\n`).join("")}`),
    fc.array(line, { maxLength: 8 }).map((lines) => `\`\`\`ts\n${lines.join("\n")}\n\`\`\``),
    fc.string({ unit: "grapheme", maxLength: 40 }),
  );
  const text = fc
    .array(block, { maxLength: 14 })
    .chain((blocks) => fc.constantFrom("\n", "\n\n").map((gap) => blocks.join(gap)));
  const sizes = fc.record({
    maxTokens: fc.integer({ min: 16, max: 90 }),
    overlapTokens: fc.integer({ min: 0, max: 40 }),
  });

  fc.assert(
    fc.property(text, sizes, (markdown, options) => {
      const chunks = toChunks(markdown, options);
      if (markdown.trim() === "") return chunks.length === 0;
      return covers(chunks, markdown) && chunks.every((chunk) => isSound(chunk, markdown, options));
    }),
    { numRuns: 200 },
  );
});

test("a text without end is split in time that grows as it does", () => {
  const startedAt = process.cpuUsage();

  const counts = ["x", "a ", "- a\n", "`", "| a |\n", "# a\n"].map((part) => toChunks(part.repeat(20_000)).length);

  const { user } = process.cpuUsage(startedAt);
  expect(counts.every((count) => count > 5)).toBe(true);
  expect(user).toBeLessThan(5_000_000);
});

test.each(Object.entries(tokenTexts))("the estimate of tokens is near a real tokeniser's: %s", (_, text) => {
  const ratio = estimateTokens(text) / encode(text).length;

  expect(ratio).toBeGreaterThan(0.85);
  expect(ratio).toBeLessThan(1.15);
});

const endOf = (chunks: Chunk[], at: number) => chunks[at]?.end ?? 0;

function covers(chunks: Chunk[], markdown: string): boolean {
  const isInOrder = chunks.every(({ start, end }, at) => {
    const before = at === 0 ? 0 : endOf(chunks, at - 1);
    return start <= before && end > before;
  });
  return chunks[0]?.start === 0 && isInOrder && chunks.at(-1)?.end === markdown.length;
}

function isSound({ text, start, end, tokens }: Chunk, markdown: string, { maxTokens = 0 }: ChunkOptions): boolean {
  const slice = markdown.slice(start, end);
  const around = text.length - slice.length;
  return (
    text.includes(slice) && (around === 0 || /[|`~]/.test(markdown)) && tokens <= maxTokens + 1 && text.isWellFormed()
  );
}
