import { expect, test } from "bun:test";
import { parseHtml } from "../../src/content/dom.ts";
import { readHeadings } from "../../src/content/headings.ts";
import { surveyPage } from "../../src/content/survey.ts";

const read = (html: string) => readHeadings(surveyPage(parseHtml(html).root).headings);

test("headings lose their permalinks and find their anchors", () => {
  const found = read(`
    <h1>One<a class="headerlink" href="#one" title="Permalink">¶</a></h1>
    <section id="two"><h2>Two <code>x</code></h2></section>
    <h3><a name="three"></a>Three</h3>
    <h3><a class="anchor" href="#four">#</a> Four<br>more</h3>
    <h4> </h4>
    <h4>C#</h4>`);

  expect(found).toEqual([
    { level: 1, text: "One", anchor: "one" },
    { level: 2, text: "Two x", anchor: "two" },
    { level: 3, text: "Three", anchor: "three" },
    { level: 3, text: "Four more", anchor: "four" },
    { level: 4, text: "C#" },
  ]);
});

test("anchors are found where generators put them", () => {
  const found = read(`
    <div class="markdown-heading"><h2>GitHub</h2><a id="user-content-github" class="anchor" href="#github"><svg></svg></a></div>
    <div class="sl-heading-wrapper"><h2 id="starlight">Starlight</h2><a class="sl-anchor-link" href="#starlight">#</a></div>
    <h2><span class="mw-headline" id="Wiki">Wiki</span></h2>
    <div><a name="old"></a><h2>Old</h2></div>
    <div><p>x</p><h2>None</h2><p>y</p></div>
    <h2 id="user-content-shown">Shown</h2>`);

  expect(found.map(({ anchor }) => anchor)).toEqual(["github", "starlight", "Wiki", "old", undefined, "shown"]);
});

test("a heading that links to itself with its whole text keeps the text", () => {
  expect(read('<h2 id="a"><a class="anchor" href="#a">Linked title</a></h2>')).toEqual([
    { level: 2, text: "Linked title", anchor: "a" },
  ]);
});

test("endless headings are cut, and so is a crowd of them", () => {
  expect(read(`<h1>${"x".repeat(9000)}</h1>`)[0]?.text).toHaveLength(500);
  expect(read("<h2>x</h2>".repeat(2000))).toHaveLength(1000);
});
