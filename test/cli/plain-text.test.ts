import { expect, test } from "bun:test";
import { toPlainText } from "../../src/cli/plain-text.ts";

test.each([
  ["headings and marks", "# A *b* `c`\n\n**d** ~~e~~ \\* &amp;", "A b c\n\nd e * &\n"],
  ["links and images", '[text](https://a.example "t") ![alt](i.png)', "text alt\n"],
  ["quotes", "> a\n> b", "  a\n  b\n"],
  ["lists", "- a\n- b\n  1. c\n  2. d\n- [x] e", "- a\n- b\n  1. c\n  2. d\n- [x] e\n"],
  ["numbers that begin elsewhere", "3. a\n4. b", "3. a\n4. b\n"],
  ["tables", "| A | B |\n|---|---|\n| 1 | 2 |", "A\tB\n1\t2\n"],
  ["code, with its blank lines", "```js\na < b\n\n\n  c\n```", "a < b\n\n\n  c\n"],
  ["lines and HTML", "a\n\n---\n\n<div>x</div>\n\nb", "a\n\nb\n"],
  ["nothing", "", "\n"],
])("%s", (_, markdown, expected) => {
  expect(toPlainText(markdown)).toBe(expected);
});
