import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readBlocks } from "../../../src/changes/diff/blocks.ts";
import { anyText } from "./samples.ts";

const read = (markdown: string) => readBlocks(markdown).map(({ kind, text }) => [kind, text]);

describe("Markdown is cut", () => {
  test("into headings and paragraphs, with the headings above each", () => {
    const blocks = readBlocks("Before.\n\n# One\n\n## Two *x*\n\nText\ngoes on.\n\nThree\n=====\n\nEnd.\n");

    expect(blocks.map(({ kind, text, section }) => [kind, text, section])).toEqual([
      ["paragraph", "Before.", []],
      ["heading", "# One", []],
      ["heading", "## Two *x*", ["One"]],
      ["paragraph", "Text\ngoes on.", ["One", "Two x"]],
      ["heading", "# Three", []],
      ["paragraph", "End.", ["Three"]],
    ]);
    expect(blocks.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("into single items, nested ones by themselves, whatever their mark or number", () => {
    expect(read("- a\n  - b\n    goes on\n- [x] c\n\n7. d\n\n   more of d\n")).toEqual([
      ["list_item", "- a"],
      ["list_item", "- b\ngoes on"],
      ["list_item", "- [x] c"],
      ["list_item", "- d"],
      ["paragraph", "more of d"],
    ]);
  });

  test("into rows of tables without the line under the head", () => {
    expect(read("| a | b |\n| --- | ---: |\n| 1 | x \\| y |\n| 2 |  |\n\nText.\n")).toEqual([
      ["table_row", "| a | b |"],
      ["table_row", "| 1 | x \\| y |"],
      ["table_row", "| 2 |  |"],
      ["paragraph", "Text."],
    ]);
  });

  test("into code with its fence, outside of which it stands", () => {
    expect(read("- a\n  ```js\n  if (x) {\n    y();\n  }\n\n  z();\n  ```\n\n> ~~~\n> q\n> ~~~\n")).toEqual([
      ["list_item", "- a"],
      ["code", "```js\nif (x) {\n  y();\n}\n\nz();\n```"],
      ["code", "~~~\nq\n~~~"],
    ]);
  });

  test("into quotes by paragraph, and what else there is", () => {
    expect(read("> One\n> goes on\n>\n> two\n\n***\n\n[^1]: A note.\n\n<div>\n\n> - item\n")).toEqual([
      ["quote", "> One\n> goes on"],
      ["quote", "> two"],
      ["other", "***"],
      ["other", "[^1]: A note."],
      ["other", "<div>"],
      ["list_item", "- item"],
    ]);
  });

  test("at the blank lines of long code, and where it has none into lines", () => {
    const part = (name: string, length: number) => Array.from({ length }, (_, at) => `${name}${at}`).join("\n");

    const blocks = read(`\`\`\`ts\n${part("a", 30)}\n\n${part("b", 41)}\n\`\`\`\n`);

    expect(blocks).toHaveLength(42);
    expect(blocks[0]).toEqual(["code", `\`\`\`ts\n${part("a", 30)}\n\`\`\``]);
    expect(blocks[41]).toEqual(["code", "```ts\nb40\n```"]);
  });
});

test("a fence that nothing ends goes to the end of the text", () => {
  expect(read("```\na\n\n# b\n")).toEqual([["code", "```\na\n\n# b\n```"]]);
});

test("no letter of a text is lost, whatever the text", () => {
  const letters = (text: string) => (text.toWellFormed().normalize("NFC").match(/\p{L}/gu) ?? []).sort();
  fc.assert(
    fc.property(anyText, (text) => {
      // The line under a table's head has no letters, and a fence in a list is written once more.
      const found = letters(
        readBlocks(text)
          .map((block) => block.text)
          .join("\n"),
      );

      expect(found).toEqual(expect.arrayContaining(letters(text)));
    }),
    { numRuns: 300 },
  );
});

test("blocks are well-formed text that stands by itself", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const block of readBlocks(text)) {
        expect(block.text.isWellFormed()).toBe(true);
        expect(block.text.trim()).not.toBe("");
        expect(block.text).not.toContain("\r");
      }
    }),
    { numRuns: 200 },
  );
});
