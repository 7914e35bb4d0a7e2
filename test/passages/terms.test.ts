import { describe, expect, test } from "bun:test";
import { cutDocument } from "../../src/passages/cut-document.ts";
import { toPassageText } from "../../src/passages/passage-text.ts";
import { foldAccents } from "../../src/passages/stems.ts";
import { summarize } from "../../src/passages/summary.ts";
import { cutHeading, cutPassage, writeTerms } from "../../src/passages/terms.ts";

describe("the text of a passage", () => {
  test("has what Markdown says and not its marks", () => {
    const { text } = toPassageText(
      'A **bold** [link](https://a.example/b_c?d "t") &amp; ![alt](img.png) \\*star\\* it\'s\nx<sub>2</sub><br>~~y~~ <https://auto.example>\n\n| a | b |\n|---|---|\n| c | d |\n\n- one\n  - [ ] two\n\n> quoted\n',
    );

    expect(text.split(/\s+/).filter((word) => word !== "")).toEqual(
      "A bold link & *star* it's x2 y https://auto.example a b c d one two quoted".split(" "),
    );
  });

  test("says which of it is code and which a heading", () => {
    const passage = toPassageText(
      "## The `run` call\n\nUse `a_b` or `<br>`:\n\n```js\nlet x; // <br>\n```\n\n    old\n",
    );
    const of = (spans: { start: number; end: number }[]) =>
      spans.map(({ start, end }) => passage.text.slice(start, end).trim());

    expect(of(passage.headings)).toEqual(["The run call"]);
    expect(of(passage.code)).toEqual(["a_b", "<br>", "let x; // <br>", "old"]);
  });

  test("is bounded, and what stands for marks within the program is no part of it", () => {
    expect(toPassageText(`a \ufdd0\ufdd1\ufdd2 b \ufdd0<x ${" ".repeat(1e6)}c`).text.trim()).toMatch(/^a +b +<x$/);
    expect(toPassageText("").text.trim()).toBe("");
    expect(toPassageText(">".repeat(70_000)).code).toEqual([]);
    expect(toPassageText(`${"- ".repeat(5_000)}deep`).text.trim()).toContain("deep");
  });
});

describe("terms", () => {
  const lexemes = new Map<string, string | null>([
    ["the", null],
    ["running", "run"],
    ["runs", "run"],
  ]);
  const write = (title: string, headings: string[], markdown: string) => {
    const cut = cutPassage(cutHeading(title), headings, toPassageText(markdown));
    const known = new Map([...cut.headings.keys(), ...cut.text.keys()].map((word) => [word, word as string | null]));
    const terms = writeTerms(cut, new Map([...known, ...lexemes]), ["\u0001wx"], false);
    return terms
      .split(" ")
      .filter((term) => !term.startsWith("'\u0001n"))
      .join(" ");
  };

  test("are weighted by where they stand, and positions count through", () => {
    expect(write("My page", ["Part one"], "## Part one\n\nSaid `coded`.")).toBe(
      "'\u0001wx' 'my':1A 'page':2A 'part':7B 'one':8B 'said':15C 'coded':16",
    );
  });

  test("words that say nothing are there in titles and headings alone, and keep their place in the text", () => {
    expect(write("The Running", [], "The fox the")).toBe("'\u0001wx' 'the':1A 'run':2A 'fox':8C");
  });

  test("the last character of a run is there by itself, since no pair begins with it", () => {
    expect(write("", [], "検索。全 a 索引x").split(" ").slice(1)).toEqual([
      ...["'検索':1C", "'索':1C", "'全':2C", "'a':3C", "'索引':4C", "'引':4C", "'x':5C"],
    ]);
    expect(write("検索", [], "")).toContain("'索':1A");
  });

  test("what is reduced to the same is found as the same", () => {
    expect(write("", [], "running runs").split(" ").slice(1)).toEqual(["'run':1C", "'run':2C"]);
  });

  test("of a word over and over some places are enough, and none is beyond what PostgreSQL takes", () => {
    const terms = write("", [], `${"again ".repeat(500)}\n`);
    const far = write("", [], `${"a b c d ".repeat(8_000)}`);

    expect(terms.length).toBeLessThan(120);
    expect(Math.max(...(far.match(/\d+/g) ?? []).map(Number))).toBeLessThan(16_384);
  });

  test("nothing of a text can end the writing of a lexeme", () => {
    const cut = cutPassage(cutHeading("a'b\\c"), [], toPassageText("it's `'; drop` \\\\ '':1A"));
    const lexemes = new Map([...cut.headings.keys(), ...cut.text.keys()].map((word) => [word, `${word}'\\`]));

    expect(writeTerms(cut, lexemes, [], false)).toStartWith(" 'a''\\\\':1A 'b''\\\\':2A");
  });
});

describe("a document", () => {
  const cut = (markdown: string, title: string | null = "T") => [...cutDocument({ title, markdown, headings: [] })];

  test("is cut by its headings, and the same text under the same headings has the same hash", () => {
    const before = cut("# T\n\nOne.\n\n## A\n\nTwo.");
    const after = cut("# T\n\nOne.\n\n## B\n\nTwo.\n\n## A\n\nTwo.\n\n## C\n\nThree.");

    expect(before.map(({ place, headingPath, text }) => [place, headingPath, text])).toEqual([
      [0, ["T"], "# T\n\nOne."],
      [1, ["T", "A"], "## A\n\nTwo."],
    ]);
    // What follows a passage is no part of it.
    expect(before.map(({ hash }) => after.findIndex((passage) => passage.hash === hash))).toEqual([0, 2]);
    expect(new Set(after.map(({ hash }) => hash)).size).toBe(4);
    expect(cut("# T\n\nOne.", "Other")[0]?.hash).not.toBe(before[0]?.hash);
  });

  test("without text has no passage, and one that PostgreSQL could not keep has those that it can", () => {
    expect(cut(" \n\n ")).toEqual([]);
    const [odd] = cut("# A\0b \ud800\n\ntext\0 \udc00");
    expect(odd?.headingPath.join("")).toBe(odd?.headingPath.join("").replaceAll("\0", "").toWellFormed());
  });
});

describe("a summary", () => {
  test.each([
    [{ description: " What  it\nis ", markdown: "# A" }, "What it is"],
    [
      { description: "", markdown: "# A\n\nShort.\n\nA **real** [sentence](x) of it. Another." },
      "A real sentence of it.",
    ],
    [{ description: null, markdown: "# A\n\n```\nlet everything = be + code;\n```\n\n| a | b |\n|---|---|\n" }, null],
    [
      { description: null, markdown: "これは最初の文であり、とても長いものになっています。次。" },
      "これは最初の文であり、とても長いものになっています。",
    ],
    [{ description: "a\0b", markdown: "" }, "ab"],
    [
      {
        description: null,
        markdown: "**Source code:** Lib/struct.py\n\n---\n\n[!NOTE]\nIt packs values into bytes. These are:\n\n- a",
      },
      "It packs values into bytes.",
    ],
    [
      { description: null, markdown: "The functions of this module are:\n\nThey pack what is given." },
      "They pack what is given.",
    ],
    [
      { description: null, markdown: "Reads the diff output (i.e. a patch, of whatever size) and applies it. Done." },
      "Reads the diff output (i.e. a patch, of whatever size) and applies it.",
    ],
  ])("of %j is %j", (document, line) => expect(summarize(document)).toBe(line));

  test("is bounded, and ends with a word", () => {
    const line = summarize({ description: "many words ".repeat(100), markdown: "" });

    expect(line?.length).toBeLessThanOrEqual(200);
    expect(line).toEndWith("words…");
    expect(summarize({ description: "😀".repeat(300), markdown: "" })?.isWellFormed()).toBeTrue();
  });
});

test("accents are folded where they are no vowels", () => {
  expect(["café", "größe", "łódź", "ёлка", "søren", "が", "हिन्दी", "한국"].map(foldAccents)).toEqual([
    "cafe",
    "grosse",
    "lodz",
    "елка",
    "soren",
    "が",
    "हिन्दी",
    "한국",
  ]);
});
