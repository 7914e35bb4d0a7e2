import { expect, test } from "bun:test";
import { getSection, readOutline } from "../../src/mcp/outline.ts";

const MARKDOWN = `Before.

# One

Text.

### Deep

\`\`\`
# no heading
\`\`\`

## Two

Text.

# One

Again.
`;

test("sections go up to the next heading that is not below them", () => {
  const sections = readOutline(MARKDOWN, [{ level: 2, text: "Two", anchor: "two" }]);

  expect(sections.map(({ path, anchor }) => [path.join(" > "), anchor])).toEqual([
    ["One", undefined],
    ["One > Deep", undefined],
    ["One > Two", "two"],
    ["One", undefined],
  ]);
  expect(sections.map(({ start, end }) => MARKDOWN.slice(start, end).trim().split("\n").at(-1))).toEqual([
    "Text.",
    "```",
    "Text.",
    "Again.",
  ]);
});

test("a section is found by anchor, by its end of a path, or by a part of its heading", () => {
  const sections = readOutline(MARKDOWN, [{ level: 2, text: "Two", anchor: "second" }]);

  for (const reference of ["#second", "second", "Two", "one > two", "One › Two", "tw"])
    expect([reference, getSection(sections, reference).heading]).toEqual([reference, "Two"]);
  expect(() => getSection(sections, "Three")).toThrow('the first are "One", "Deep", "Two", "One"');
  expect(() => getSection([], "Three")).toThrow("the page has no headings");
});

test("a page of nothing but headings takes little time", () => {
  const markdown = Array.from({ length: 20_000 }, (_, n) => `${"#".repeat(1 + (n % 6))} Heading ${n}\n`).join("\n");

  const startedAt = performance.now();
  const sections = readOutline(markdown, []);

  expect(sections).toHaveLength(1_000);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
