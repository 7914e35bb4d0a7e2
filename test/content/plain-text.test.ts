import { expect, test } from "bun:test";
import { toPlainText } from "../../src/content/plain-text.ts";

test.each([
  ["headings and marks", "# A *b* `c`\n\n**d** ~~e~~ \\* &amp;", "A b c\n\nd e * &\n"],
  ["links, and no images", '[text](https://a.example "t") ![alt](i.png)', "text\n"],
  ["quotes", "> a\n> b", "  a\n  b\n"],
  ["lists", "- a\n- b\n  1. c\n  2. d\n- [x] e", "- a\n- b\n  1. c\n  2. d\n- [x] e\n"],
  ["numbers that begin elsewhere", "3. a\n4. b", "3. a\n4. b\n"],
  ["tables", "| A | B |\n|---|---|\n| 1 | 2 |", "A\tB\n1\t2\n"],
  ["code, with its blank lines", "```js\na < b\n\n\n  c\n```", "a < b\n\n\n  c\n"],
  ["lines and HTML", "a\n\n---\n\n<div>x</div>\n\nb", "a\n\nb\n"],
  ["a break in a cell", "| a<br>b | c |\n|---|---|\n| 1 | 2 |", "a b\tc\n1\t2\n"],
  ["tags that stand for marks", "H<sub>2</sub>O<br>*<kbd>Esc</kbd>*", "H2O\nEsc\n"],
  ["tags that are text", "\\<br> `<br>` &lt;sub>\n\n```\n<br>\n```", "<br> <br> <sub>\n\n<br>\n"],
  ["characters that no text holds", "a\0<br>b", "a\ufffd\nb\n"],
  ["nothing", "", "\n"],
])("%s", (_, markdown, expected) => {
  expect(toPlainText(markdown)).toBe(expected);
});

test.each([
  ["quotes", `${"> ".repeat(200_000)}x`],
  ["quotes of many lines", `${"> ".repeat(100_000)}x\n`.repeat(2) + "x\n".repeat(10_000)],
  ["lists in one line", `${"- ".repeat(200_000)}x`],
  ["lists line by line", Array.from({ length: 1_000 }, (_, level) => `${"  ".repeat(level)}- x`).join("\n")],
  ["white space", " ".repeat(1_000_000)],
])("%s without end cost little", (_, markdown) => {
  const startedAt = performance.now();

  const text = toPlainText(markdown);

  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(text.length).toBeLessThan(70 * markdown.length);
});
