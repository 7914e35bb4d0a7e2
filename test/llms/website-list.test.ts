import { describe, expect, test } from "bun:test";
import type { ListedPage } from "../../src/llms/listed-pages.ts";
import { readLlmsOptions } from "../../src/llms/llms-options.ts";
import { toLlmsTxt } from "../../src/llms/website-list.ts";
import { HOST, listed, listedMany } from "./listed.ts";

/** Titles of sections with the paths in them, and the paths of what is optional. */
async function list(pages: ListedPage[], options: Record<string, unknown> = {}, start = pages[0]) {
  const made = await toLlmsTxt({ pages, start }, readLlmsOptions(options), { title: "Site", summary: "Sum" });
  const pathsOf = (group: readonly ListedPage[]) => group.map(({ path }) => path);
  return {
    made,
    sections: Object.fromEntries(made.sections.map(({ title, pages: group }) => [title, pathsOf(group)])),
    optional: pathsOf(made.optional),
    titles: [...made.sections.map((section) => section.pages), made.optional].flatMap((group) =>
      made.describe(group).map(({ title }) => title),
    ),
    notes: made.sections.flatMap((section) => made.describe(section.pages).map(({ description }) => description)),
  };
}

const folder = (name: string, count: number, page: Partial<ListedPage> = {}) => listedMany(`/${name}/`, count, page);

describe("sections", () => {
  test("are the folders of some size by the titles of their own pages; the rest is an overview", async () => {
    const { sections } = await list([
      listed("/"),
      listed("/about"),
      listed("/guide/", { title: "The guide" }),
      ...folder("guide", 3),
      ...folder("api-reference", 3),
      ...folder("pair", 1),
    ]);

    expect(sections).toEqual({
      Overview: ["/", "/about", "/pair/item-1"],
      "The guide": ["/guide/", "/guide/item-1", "/guide/item-2", "/guide/item-3"],
      "Api reference": ["/api-reference/item-1", "/api-reference/item-2", "/api-reference/item-3"],
    });
  });

  test("are one where there are no folders, and begin below the folder that all is in", async () => {
    const flat = await list([listed("/"), listed("/a"), listed("/b")]);
    const below = await list([listed("/en/latest/"), ...folder("en/latest/x", 3), ...folder("en/latest/y", 3)]);

    expect(Object.keys(flat.sections)).toEqual(["Pages"]);
    expect(Object.keys(below.sections)).toEqual(["Overview", "X", "Y"]);
  });

  test("are named as breadcrumbs name them, whatever the folder is called", async () => {
    const { sections } = await list([
      listed("/", { breadcrumbs: [] }),
      ...folder("s1", 3).map((page) => ({ ...page, breadcrumbs: ["Home", "First steps", page.title ?? ""] })),
      ...folder("s2", 3).map((page) => ({ ...page, breadcrumbs: ["Home", "Going further", page.title ?? ""] })),
    ]);

    expect(Object.keys(sections)).toEqual(["Overview", "First steps", "Going further"]);
  });

  test("that are long are divided by folders, or by breadcrumbs where there are none", async () => {
    const shelf = (name: string) =>
      listedMany(`/all/${name}-`, 20).map((page) => ({ ...page, breadcrumbs: ["Shop", name, page.title ?? ""] }));
    const { sections } = await list([
      listed("/"),
      listed("/docs/", { title: "Docs" }),
      ...folder("docs/one", 40),
      ...folder("docs/two", 40),
      ...shelf("Hats"),
      ...shelf("Coats"),
    ]);

    expect(Object.keys(sections)).toEqual(["Overview", "Docs", "Docs: One", "Docs: Two", "Shop: Hats", "Shop: Coats"]);
    expect(sections.Docs).toEqual(["/docs/"]);
  });

  test("are at most thirty; the smallest are one", async () => {
    const { sections } = await list([
      ...Array.from({ length: 50 }, (_, index) => folder(`part-${index}`, index < 40 ? 3 : 4)).flat(),
    ]);

    const names = Object.keys(sections);
    expect(names).toHaveLength(30);
    expect(names.at(-1)).toBe("Further pages");
    expect(names).toContain("Part 45");
    expect(Object.values(sections).flat()).toHaveLength(160);
  });

  test("have names of their own, and none has that of what is optional", async () => {
    const { sections } = await list([
      listed("/"),
      ...["a", "b"].flatMap((name) => [listed(`/${name}/`, { title: "Same" }), ...folder(name, 3)]),
      listed("/o/", { title: "Optional" }),
      ...folder("o", 3),
    ]);

    expect(Object.keys(sections)).toEqual(["Overview", "Same", "Same (2)", "Optional pages"]);
  });

  test("of other hosts stand behind the website's own, and languages are called by their names", async () => {
    const other = listed("/", { url: "https://api.site.example/", title: "Site API" });
    const { sections } = await list(
      [other, listed("/"), ...folder("de", 3, { language: "de" }), ...folder("fr", 3, { language: "de" })],
      {},
      listed("/"),
    );

    expect(Object.keys(sections)).toEqual(["Overview", "German", "Fr", "Site API"]);
  });
});

test("what few ask for is optional: what is legal, archives, change logs, pages of lists, data", async () => {
  const secondary = [
    ...["/imprint", "/privacy-policy.html", "/legal/terms", "/blog/tag/news", "/author/ada/", "/changelog/1.2"],
    ...["/blog/page/2", "/guide?print=1", "/release_notes/v2", "/login", "/docs/genindex-A.html"],
  ];
  const main = [
    "/",
    "/guide",
    "/blog/why-we-changed",
    "/blog/2024/05/post",
    "/topics/databases",
    "/licensing-guide",
    "/releases-explained",
  ];
  const pages = [
    ...[...main, ...secondary].map((path) => listed(path)),
    listed("/feed", { kind: "feed" }),
    listed("/blog/2024/", { pageType: "listing" }),
    listed("/topics/all", { pageType: "listing" }),
  ];

  const { sections, optional } = await list(pages);

  expect(Object.values(sections).flat().sort()).toEqual(main.sort());
  expect(optional.sort()).toEqual([...secondary, "/feed", "/blog/2024/", "/topics/all"].sort());
});

test("where pages are named by queries, a query is no reason to leave one out", async () => {
  const { optional } = await list([listed("/"), ...[1, 2, 3].map((id) => listed(`/index.php?id=${id}`))]);

  expect(optional).toEqual([]);
});

describe("what is said of a page", () => {
  test("leaves out what all titles have", async () => {
    const { titles } = await list(
      ["/a", "/b", "/c", "/d"].map((path) => listed(path, { title: `Page ${path} - Docs | Site` })),
    );
    const colons = await list([1, 2, 3].map((n) => listed(`/${n}`, { title: `Site: Chapter ${n}: ${"x".repeat(n)}` })));

    expect(titles).toEqual(["Page /a", "Page /b", "Page /c", "Page /d"]);
    expect(colons.titles).toEqual(["Chapter 1: x", "Chapter 2: xx", "Chapter 3: xxx"]);
  });

  test("is the name in its URL where it has no title", async () => {
    const { titles } = await list([
      listed("/getting-started.html", { title: null }),
      listed("/x/", { title: "<no title>" }),
      listed("/%E4%BD%A0%E5%A5%BD", { title: " " }),
      listed("/", { title: "" }),
    ]);

    expect(titles).toEqual(
      ["Getting started", "X", "你好", "site.example"].sort((a, b) => titles.indexOf(a) - titles.indexOf(b)),
    );
  });

  test("says where it is when another of the list has its title", async () => {
    const { titles } = await list(
      [
        ...["/a/start", "/b/start", "/b/start.html", "/c"].map((path) => listed(path, { title: "Start" })),
        listed("/other", { title: "Other" }),
      ],
      { sections: [{ title: "All", paths: ["/**"], order: "path" }] },
    );

    expect(titles).toEqual(["Start (A)", "Start (/b/start)", "Start (/b/start.html)", "Start (C)", "Other"]);
  });

  test("is nothing where the text is the title, all pages', a field or a fragment", async () => {
    const said = [
      "A page about one thing.",
      "Title.",
      "Written by us all.",
      "Written by us all.",
      "Written by us all.",
      "Author: Ada",
      "See:",
      "me@x.example",
      "Mind the gap, please.",
    ];
    const { notes } = await list(
      said.map((summary, index) => listed(`/${index}`, { title: index === 1 ? "Title" : `T${index}`, summary })),
    );

    expect(notes).toEqual(["A page about one thing.", ...Array(7).fill(undefined), "Mind the gap, please."]);
  });

  test("is one line of some length, ended at a sentence", async () => {
    const { notes } = await list([
      listed("/a", {
        summary: `${"First sentence of it is rather long. ".repeat(5)}And so on and on ${"x ".repeat(200)}`,
      }),
      listed("/b", { summary: `${"word ".repeat(200)}` }),
    ]);

    expect(notes[0]).toEndWith("long.");
    expect(notes[1]).toEndWith("word…");
    for (const note of notes) expect(note?.length).toBeLessThanOrEqual(220);
  });
});

describe("options", () => {
  const pages = [
    listed("/", { title: "Home" }),
    ...folder("docs", 12).map((page, index) => ({ ...page, lastChangedAt: new Date(2026, 0, index + 1) })),
    ...folder("blog", 4),
    listed("/imprint"),
  ];

  test("name title and summary, and what is listed", async () => {
    const { made, sections } = await list(pages, {
      title: "Mine",
      summary: "Own words.",
      include: ["/docs/**"],
      exclude: ["/docs/item-?"],
    });

    expect([made.title, made.summary]).toEqual(["Mine", "Own words."]);
    expect(Object.values(sections).flat()).toEqual(["/docs/item-10", "/docs/item-11", "/docs/item-12"]);
  });

  test("name sections, which have what is theirs before any rule; the first that has it", async () => {
    const { sections, optional } = await list(pages, {
      sections: [
        { title: "News", paths: ["/blog/**", "/imprint"] },
        { title: "All", paths: ["/blog/**", "/docs/item-1?"], order: "newest" },
        { title: "Empty", paths: ["/nothing"] },
      ],
      optional: ["/blog/item-4"],
    });

    expect(Object.keys(sections)).toEqual(["News", "All", "Pages"]);
    expect(sections.News).toEqual(["/blog/item-1", "/blog/item-2", "/blog/item-3", "/imprint"]);
    expect(sections.All).toEqual(["/docs/item-12", "/docs/item-11", "/docs/item-10"]);
    expect(sections.Pages).toHaveLength(10);
    expect(optional).toEqual(["/blog/item-4"]);
  });

  test.each([
    ["path", "/docs/item-1", "/docs/item-12"],
    ["title", "/docs/item-1", "/docs/item-12"],
    ["newest", "/docs/item-12", "/docs/item-1"],
  ])("order pages by %s", async (order, first, last) => {
    const { sections } = await list([...pages].reverse(), { order });

    expect([sections.Docs?.at(0), sections.Docs?.at(-1)]).toEqual([first, last]);
  });

  test("describe pages by path or URL, and say nothing for an empty text", async () => {
    const described = pages.slice(0, 3).map((page) => ({ ...page, summary: "What it says of itself, in words." }));
    const { notes } = await list([...described, listed("/x", { summary: "Another text that stays as it is." })], {
      descriptions: { "/": "Begin here.", [`${HOST}/docs/item-1`]: "By URL.", "/docs/item-2": "" },
    });

    expect(notes).toEqual(["Begin here.", "By URL.", undefined, "Another text that stays as it is."]);
  });
});
