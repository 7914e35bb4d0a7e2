import { describe, expect, test } from "bun:test";
import { planFullText, readFullTextList, writeDocument, writePartsIndex } from "../../src/llms/full-text.ts";
import { listed } from "./listed.ts";

const document = (markdown: string, title: string | null = "Title") => ({
  ...{ title, markdown, fetchedAt: new Date("2026-01-02T03:04:05Z"), url: "https://site.example/a" },
});
const head = (title: string) => `# ${title}\n\nSource: https://site.example/a\nFetched: 2026-01-02T03:04:05.000Z\n`;

describe("a document in the full text", () => {
  test.each([
    [
      "begins with its own heading where it has one",
      "# Own *name*\n\nText\n\n## Part\n",
      `${head("Own name")}\nText\n\n## Part\n`,
    ],
    ["gets its title as a heading where it has none", "Text\n\n## Part\n", `${head("Title")}\nText\n\n## Part\n`],
    ["keeps what stands before its heading", "Intro\n\n# Own\n\nText", `${head("Title")}\nIntro\n\n## Own\n\nText\n`],
    [
      "has all headings one down where others are of the first level",
      "# Own\n\na\n\n# Two\n\n## Three\n\n###### Six\n",
      `${head("Own")}\na\n\n## Two\n\n### Three\n\n###### Six\n`,
    ],
    [
      "has headings that are underlined one down, too",
      "# Own\n\nTwo\n===\n\nThree\n---\n\nb",
      `${head("Own")}\n## Two\n\n### Three\n\nb\n`,
    ],
    [
      "keeps what only looks like a heading",
      "# Own\n\n# Two\n\n```sh\n# comment\n```\n",
      `${head("Own")}\n## Two\n\n\`\`\`sh\n# comment\n\`\`\`\n`,
    ],
    ["is its head alone where it has no text", "# Own\n", head("Own")],
  ])("%s", (_, markdown, text) => {
    expect(writeDocument(document(markdown))).toBe(text);
  });

  test("is called by its URL where it has no title", () => {
    expect(writeDocument(document("Text", null))).toBe(`${head("https://site.example/a")}\nText\n`);
  });
});

describe("parts", () => {
  const plan = (sizes: number[], maxBytes: number) =>
    planFullText(
      sizes.map((byteLength, index) => listed(`/${index}`, { byteLength, tokens: byteLength })),
      { title: "Site", summary: "Sum", maxBytes },
    );

  test("hold as many documents as fit, in order; one that is longer is a part of its own", () => {
    const { parts } = plan([4_000, 4_000, 4_000, 30_000, 100, 100], 10_000);

    expect(parts.map(({ documents }) => documents.length)).toEqual([2, 1, 1, 2]);
    expect(parts.map(({ tokens }) => tokens)).toEqual([8_000, 4_000, 30_000, 200]);
    expect(parts.map(({ first, last }) => [first.slice(-2), last.slice(-2)])).toEqual([
      ["/0", "/1"],
      ["/2", "/2"],
      ["/3", "/3"],
      ["/4", "/5"],
    ]);
  });

  test("are none without documents, and led to by an index otherwise", () => {
    const list = plan([9_000, 9_000], 10_000);

    expect(plan([], 10_000).parts).toEqual([]);
    expect(readFullTextList(JSON.stringify(list))).toEqual(list);
    expect(writePartsIndex(list, (part) => `llms-full-${part}.txt`)).toBe(`# Site

> Sum

The text of 2 pages, in 2 parts.

## Parts

- [Part 1](llms-full-1.txt): 1 page, about 0.0 MB, 9,000 tokens, from https://site.example/0 to https://site.example/0
- [Part 2](llms-full-2.txt): 1 page, about 0.0 MB, 9,000 tokens, from https://site.example/1 to https://site.example/1
`);
  });
});
