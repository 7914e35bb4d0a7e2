import { describe, expect, test } from "bun:test";
import { readLlmsOptions } from "../../src/llms/llms-options.ts";
import { type LlmsTxt, writeLlmsTxt } from "../../src/llms/llms-txt.ts";
import { toLlmsTxt } from "../../src/llms/website-list.ts";
import { HOST, listed, listedMany } from "./listed.ts";
import { parseLlmsTxt } from "./specification.ts";

const AMPLE = { maxLinks: 500, maxBytes: 100_000 };

const listOf = (sections: LlmsTxt["sections"], more: Partial<LlmsTxt> = {}): LlmsTxt => ({
  ...{ title: "Site", summary: "What it is.", sections, optional: [] },
  describe: (pages) => pages.map((page) => ({ page, title: page.title ?? "", description: page.summary ?? undefined })),
  ...more,
});

test("a list has a title, a summary, a paragraph, and sections of links with notes", () => {
  const guide = listed("/guide", { title: "Guide", summary: "How to begin." });
  const legal = listed("/legal", { title: "Legal" });

  const { text, links, leftOut } = writeLlmsTxt(
    listOf([{ title: "Docs", pages: [guide] }], { optional: [legal] }),
    AMPLE,
  );

  expect(text).toBe(`# Site

> What it is.

All 2 pages of the website are listed. The text of the pages is in llms-full.txt.

## Docs

- [Guide](${HOST}/guide): How to begin.

## Optional

- [Legal](${HOST}/legal)
`);
  expect({ links, leftOut }).toEqual({ links: 2, leftOut: 0 });
  expect(parseLlmsTxt(text)).toMatchObject({
    title: "Site",
    summary: "What it is.",
    info: expect.stringMatching(/^All 2/),
  });
});

test("a website without a summary has none, and one without pages has no section", () => {
  const { text } = writeLlmsTxt(listOf([], { summary: undefined }), AMPLE);

  expect(parseLlmsTxt(text)).toMatchObject({ title: "Site", summary: undefined, sections: new Map() });
});

describe("whatever a page calls itself, the list stays one", () => {
  test.each([
    "[draft] array[int]",
    "](https://evil.example) [x",
    "# Heading",
    "> quote",
    "## Optional",
    "a\n\n## Injected\n\n- [x](https://evil.example/)",
    "<script>alert(1)</script> &amp; &lt;b&gt;",
    "*bold* **b** _em_ `code` ~~gone~~ snake_case_name",
    "\\",
    "\\](x) \\[",
    "1. first",
    "- item",
    "+ item",
    "===",
    "---",
    "```",
    "~~~",
    "\u0000\u202e\ud800 lone",
    "! [x]",
    "| a | b |",
    "#",
    "trailing #",
  ])("%j", (words) => {
    const page = listed("/a(b)_[c]*", { title: words, summary: words, url: `${HOST}/a(b)_[c]*` });
    const list = listOf([{ title: words, pages: [page] }], {
      title: words,
      summary: words,
      optional: [listed("/z", { title: words })],
    });

    const { text } = writeLlmsTxt(list, AMPLE);

    const { sections } = parseLlmsTxt(text);
    expect(sections.size).toBe(2);
    expect([...sections.values()].map((links) => links.map(({ url }) => url))).toEqual([
      [`${HOST}/a%28b%29_[c]*`],
      [`${HOST}/z`],
    ]);
    // It reads as it was meant: no mark of it is one.
    expect(Bun.markdown.html(text)).not.toMatch(/<(?:em|strong|code|script|del|b|table|ul>\s*<li><ul)>/);
  });
});

describe("where there is not room for all", () => {
  const pages = listedMany("/docs/", 300);
  const sections = [
    { title: "Large", pages },
    { title: "Small", pages: listedMany("/small/", 5) },
  ];

  test("large sections give before small ones, what is nearest stays, and it is said", () => {
    const near = [listed("/docs/"), ...listedMany("/docs/deep/er/", 100)];
    const list = listOf([{ title: "Large", pages: [...near, ...pages] }, ...sections.slice(1)], {
      optional: listedMany("/legal/", 20),
    });

    const { text, links, leftOut } = writeLlmsTxt(list, { ...AMPLE, maxLinks: 50 });

    const { sections: parsed, info } = parseLlmsTxt(text);
    expect({ links, leftOut }).toEqual({ links: 50, leftOut: 376 });
    expect(info).toStartWith("50 of the website's 426 pages are listed; index.json lists all");
    expect(parsed.get("Small")).toHaveLength(5);
    expect(parsed.get("Large")).toHaveLength(40);
    expect(parsed.get("Optional")).toHaveLength(5);
    expect(parsed.get("Large")?.map(({ url }) => url)).toContain(`${HOST}/docs/`);
    expect(text).not.toContain("/deep/");
  });

  test("what a section gives stands under what is optional, as far as there is room", () => {
    const { text } = writeLlmsTxt(listOf(sections, { optional: [listed("/imprint")] }), { ...AMPLE, maxLinks: 306 });
    const all = writeLlmsTxt(listOf(sections, { optional: listedMany("/legal/", 20) }), { ...AMPLE, maxLinks: 310 });

    expect(parseLlmsTxt(text).sections.get("Optional")).toHaveLength(1);
    expect(parseLlmsTxt(all.text).sections.get("Large")).toHaveLength(285);
    expect(parseLlmsTxt(all.text).sections.get("Optional")).toHaveLength(20);
  });

  test.each([
    [2_000, 0.8],
    [5_000, 0.8],
    [20_000, 0.5],
  ])("it has at most %d bytes: notes go first, then links", (maxBytes, least) => {
    const noted = pages.map((page) => ({
      ...page,
      summary: "Words that say a lot about the page, at some length. ".repeat(3),
    }));

    const { text, links, leftOut } = writeLlmsTxt(listOf([{ title: "Large", pages: noted }]), { ...AMPLE, maxBytes });

    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
    expect(Buffer.byteLength(text)).toBeGreaterThan(maxBytes * least);
    expect(parseLlmsTxt(text).sections.get("Large")).toHaveLength(links);
    expect(leftOut).toBe(300 - links);
    expect(leftOut === 0).toBe(maxBytes === 20_000);
    expect(text).not.toContain("at some length");
  });
});

test("thousands of pages are listed in time, by hostile titles too", async () => {
  const hostile = `${"[".repeat(2_000)}${" - ".repeat(2_000)}${"\\".repeat(2_000)}${"_*".repeat(1_000)}`;
  const pages = listedMany("/docs/", 3_000).map((page) => ({ ...page, title: hostile, summary: hostile }));
  const startedAt = performance.now();

  const list = await toLlmsTxt({ pages, start: undefined }, readLlmsOptions(), { title: hostile, summary: hostile });
  parseLlmsTxt(writeLlmsTxt(list, AMPLE).text);

  expect(performance.now() - startedAt).toBeLessThan(10_000);
});
