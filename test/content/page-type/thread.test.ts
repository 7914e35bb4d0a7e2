import { describe, expect, test } from "bun:test";
import { attribute, lineOf, parseHtml } from "../../../src/content/dom.ts";
import { cutBlocks } from "../../../src/content/main/blocks.ts";
import { copyKept } from "../../../src/content/main/tree-copy.ts";
import { toMarkdown } from "../../../src/content/markdown/markdown.ts";
import { IN_BODY, IN_POST, markThread, settlePosts, withBylines } from "../../../src/content/page-type/posts.ts";
import { findThread } from "../../../src/content/page-type/thread.ts";
import { surveyPage } from "../../../src/content/survey.ts";
import { comments, discourse, nameless, phpbb, questions, remark, xenforo } from "./threads.ts";

function read(html: string) {
  const { root } = parseHtml(html);
  const survey = surveyPage(root);
  const thread = findThread(root, survey);
  return { root, survey, thread, posts: thread?.posts ?? [] };
}

/** The Markdown of a page of which nothing but its posts is kept. */
function markdownOf(html: string): string {
  const { root, thread, survey } = read(html);
  const words = new Set<number>();
  const cut = cutBlocks(survey.body ?? root, survey.elements, { title: words, description: words });
  const isKept = new Uint8Array(cut.blocks.length);
  if (thread) settlePosts(cut.blocks, markThread(thread, survey.elements), isKept);
  const copy = copyKept(survey.body ?? root, cut, isKept);
  return toMarkdown(thread ? withBylines(copy, thread) : copy, { baseUrl: "https://f.example/", keep: () => true });
}

describe("posts come in page order with who wrote them and when", () => {
  const cases: [string, string, [string | null, string | null][]][] = [
    [
      "XenForo",
      xenforo,
      [
        ["Ada", "2024-05-01"],
        ["Bo", "2024-05-02"],
        ["Cyd", "2024-05-03"],
      ],
    ],
    [
      "phpBB",
      phpbb,
      [
        ["Ada", "2023-12-17"],
        ["Bo", "2023-12-17"],
      ],
    ],
    [
      "Discourse",
      discourse,
      [
        ["ada", "2024-02-01"],
        ["bo", "2024-02-02"],
        ["cyd", "2024-02-03"],
      ],
    ],
    [
      "comments inside comments",
      comments,
      [
        ["ada", "2024-01-02"],
        ["bo", "2024-01-02"],
        ["cyd", "2024-01-02"],
        ["dee", "2024-01-02"],
      ],
    ],
    [
      "classes that say nothing",
      nameless,
      [
        ["ada", "2025-03-01"],
        ["bo", "2025-03-02"],
        ["cyd", "2025-03-03"],
        ["dee", "2025-03-04"],
      ],
    ],
  ];

  for (const [name, html, bylines] of cases)
    test(name, () => {
      const { posts } = read(html);

      expect(posts.map(({ author, date }) => [author, date?.slice(0, 10) ?? null])).toEqual(bylines);
      expect(posts.every(({ bodies }) => bodies.some((body) => lineOf(body).includes(remark)))).toBe(true);
    });
});

test("a post's body holds what was written, and the post what stands around it", () => {
  const [first] = read(xenforo).posts;

  expect(first && attribute(first.element, "data-author")).toBe("Ada");
  expect(first?.bodies.map((body) => lineOf(body)).join(" ")).not.toContain("Old salt");
  expect([first?.permalink, first?.shownDate]).toEqual(["/threads/knots.7/post-1", "May 1, 2024"]);
});

test("answers say which was accepted and how they were voted, and comments on them are remarks", () => {
  const { posts } = read(questions);

  expect(posts.map(({ isRemark }) => isRemark)).toEqual([false, true, false, true, true]);
  expect(
    posts.flatMap(({ isRemark, author, score, isAccepted, permalink }) =>
      isRemark ? [] : [{ author, score, isAccepted, permalink }],
    ),
  ).toEqual([
    { author: "Asker", score: 12, isAccepted: false, permalink: null },
    { author: "Helper", score: 31, isAccepted: true, permalink: "/a/5" },
  ]);
});

test("the Markdown of a thread begins each post with its author and date, and leaves out what is no post", () => {
  const markdown = markdownOf(xenforo);

  expect(markdown.match(/^\*\*(?:Ada|Bo|Cyd)\*\* · May [123], 2024$/gm)).toHaveLength(3);
  expect(markdown).toContain("quoted words");
  for (const chrome of ["Old salt", "all I have", "expand", "Like", "Joined"]) expect(markdown).not.toContain(chrome);
});

test("a thread's elements are marked as in a body, around one, or neither", () => {
  const { root, thread, posts } = read(phpbb);
  const marks = thread && markThread(thread, 500);
  const heading = surveyPage(root).headings.find(({ name }) => name === "h2");

  expect(posts.map(({ element }) => marks?.[element.order])).toEqual([IN_POST, IN_POST]);
  expect(posts.flatMap(({ bodies }) => bodies.map(({ order }) => marks?.[order]))).toEqual([IN_BODY, IN_BODY]);
  expect(heading && marks?.[heading.order]).toBe(0);
});

test("a page without posts has no thread", () => {
  expect(read(`<h1>About ropes</h1>${`<p>${remark}</p>`.repeat(10)}`).thread).toBeUndefined();
  expect(read("").thread).toBeUndefined();
});

test("thousands of posts, and posts deep in each other, take time in proportion", () => {
  const flat = read(`<main>${'<div class="post-body">x y z</div><i></i>'.repeat(20_000)}</main>`);
  const deep = read('<div class="post-body"><p>word</p>'.repeat(5_000));

  expect(flat.posts.length).toBe(2_000);
  expect(deep.posts.length).toBeGreaterThan(0);
});
