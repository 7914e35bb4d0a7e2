import { expect, test } from "bun:test";
import { lineOf, parseHtml } from "../../../src/content/dom.ts";
import { type Blocks, cutBlocks, FAR } from "../../../src/content/main/blocks.ts";
import { HIDDEN, MARKING_NAMES } from "../../../src/content/main/markings.ts";
import { surveyPage } from "../../../src/content/survey.ts";

function cut(html: string): Blocks {
  const survey = surveyPage(parseHtml(html).root);
  return cutBlocks(survey.body ?? survey.root, survey.elements, { title: new Set(), description: new Set() });
}

const textsOf = (html: string) =>
  cut(html).blocks.map(({ nodes }) =>
    nodes
      .map((node) => lineOf(node))
      .filter(Boolean)
      .join(" "),
  );

test.each([
  ["paragraphs, headings and items", "<h1>One</h1><p>Two<ul><li>Three<li>Four</ul>", ["One", "Two", "Three", "Four"]],
  ["text beside blocks", "<div>One <b>bold</b><p>Two</p>three</div>", ["One bold", "Two", "three"]],
  ["paragraphs of two breaks", "<div>One<br>still one<br><br>Two</div>", ["One still one", "Two"]],
  ["rows of a table", "<table><tr><th>A<th>B<tr><td>1<td>2</table>", ["A B", "1 2"]],
  [
    "cells of a table that lays out the page",
    "<table><tr><td><p>A<p>B<p>C<td><ul><li>x<li>y</ul></table>",
    ["A", "B", "C", "x", "y"],
  ],
  ["code in one", "<pre>a\n\nb <span>c</span></pre>", ["a b c"]],
  ["elements of a page's own making", "<x-card>One</x-card><x-card>Two</x-card>", ["One", "Two"]],
  ["a link around blocks", '<a href="/x"><h3>Title</h3><p>Teaser</p></a>', ["Title", "Teaser"]],
])("a page is cut into %s", (_, html, texts) => {
  expect(textsOf(html)).toEqual(texts);
});

test("scripts, styles and choices have no words", () => {
  const [block] = cut("<p>One<script>x()</script><style>a{}</style><select><option>No</select></p>").blocks;

  expect(block?.counts.words).toBe(1);
});

test("a block knows its links, its marks and how far up each marking is", () => {
  const [block] = cut(
    '<main><div class="post-content"><p>One <a href="/x">two</a>, three. <b>4</b></p></div></main>',
  ).blocks;

  expect(block).toMatchObject({ links: 1, linkWords: 1, linkCharacters: 3, boldCharacters: 1 });
  expect(block?.counts).toMatchObject({ words: 4, commas: 1, stops: 1, digits: 1, capitals: 1 });
  const distance = (name: string) => block?.distances[MARKING_NAMES.indexOf(name)];
  expect([distance(".post"), distance(".content"), distance("main"), distance("nav")]).toEqual([1, 1, 2, FAR]);
});

test("concealed text is marked, and what follows it is not", () => {
  const { blocks } = cut('<div hidden><p>One</p></div><p>Two</p><p style="display:none">Three</p>');

  expect(blocks.map(({ distances }) => distances[HIDDEN] !== FAR)).toEqual([true, false, true]);
});

test("elements know which blocks lie in them", () => {
  const { root } = parseHtml("<nav><a href=/>Home</a></nav><main><p>One<p>Two</main>");
  const survey = surveyPage(root);
  const known = { title: new Set<number>(), description: new Set<number>() };
  const { from, to } = cutBlocks(survey.body ?? root, survey.elements, known);

  const [nav, main] = (survey.body ?? root).children;
  if (nav?.type !== "element" || main?.type !== "element") throw new Error("The page was read otherwise");
  expect([from[nav.order], to[nav.order], from[main.order], to[main.order]]).toEqual([0, 1, 1, 3]);
});

test("a page of more blocks than are looked at says so", () => {
  expect(cut("<p>x".repeat(21_000))).toMatchObject({ isTruncated: true });
});
