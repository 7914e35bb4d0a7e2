import { expect, test } from "bun:test";
import { parseHtml } from "../../../src/content/dom.ts";
import { toMarkdown } from "../../../src/content/markdown/markdown.ts";

/** So large that anything quadratic runs past the tests' time-out of five seconds by far. */
const pages: Record<string, () => string> = {
  "200,000 paragraphs": () => "<p>x".repeat(200_000),
  "100,000 table cells in one row": () => `<table><tr>${"<td>x".repeat(100_000)}</table>`,
  "50,000 table rows": () => `<table>${"<tr><td>x<td>y".repeat(50_000)}</table>`,
  "tables nested 400 deep": () => "<table><tr><td>a".repeat(400),
  "many deep piles of nested tables": () => ("<table><tr><td>a".repeat(130) + "</table>".repeat(130)).repeat(150),
  "spans of 1,000 columns and 60,000 rows": () =>
    `<table>${"<tr><td colspan=1000 rowspan=60000>x".repeat(50_000)}</table>`,
  "1 MB of back-ticks": () => `<p>${"`".repeat(1_000_000)}`,
  "1 MB of back-ticks in code": () => `<code>${"`".repeat(1_000_000)}`,
  "fences by the hundred thousand in a block": () => `<pre>${"` ``` ".repeat(200_000)}`,
  "1 MB of asterisks": () => `<p>${"*".repeat(1_000_000)}`,
  "300,000 words with underscores": () => `<p>${"_a ".repeat(300_000)}`,
  "1 MB of brackets": () => `<p>${"[".repeat(500_000)}${"](".repeat(250_000)}`,
  "1 MB of white space": () => `<p>a${" \n".repeat(500_000)}b`,
  "1 MB of number signs in a heading": () => `<h1>a ${"# ".repeat(500_000)}</h1>`,
  "1 MB of digits": () => `<p>${"1".repeat(1_000_000)}`,
  "blank lines by the hundred thousand in code": () => `<pre>${"\n \n".repeat(300_000)}x`,
  "100,000 code spans in a row": () => "<code>a</code>".repeat(100_000),
  "100,000 emphases in a row": () => "<b>a</b><i>b</i>".repeat(50_000),
  "100,000 unclosed emphases": () => "<b>a <i>".repeat(50_000),
  "100,000 links": () => "<a href=x>a</a>".repeat(100_000),
  "80,000 links after exclamation marks": () => `<p>${"!<a href=x>y</a>".repeat(80_000)}`,
  "100,000 line breaks": () => "a<br>".repeat(100_000),
  "lists nested 400 deep with 100,000 items inside": () => "<ul><li>a".repeat(400) + "<li>x".repeat(100_000),
  "quotes nested 400 deep with 50,000 paragraphs inside": () => "<blockquote>".repeat(400) + "<p>x".repeat(50_000),
  "admonitions nested 400 deep": () => `${"<div class='admonition note'><p>a".repeat(400)}`,
  "100,000 code blocks 300 deep": () => "<div>".repeat(300) + "<pre>x</pre>".repeat(100_000),
  "definition lists nested in signatures": () => ("<dl><dt class=sig>".repeat(130) + "</dl>".repeat(130)).repeat(100),
  "nested formulas without an end": () => "<span class=math>\\(".repeat(390) + "<b>x</b>".repeat(50_000),
  "nested empty KaTeX spans": () => ("<span class=katex>".repeat(300) + "</span>".repeat(300)).repeat(150),
  "MathML nested 390 deep": () => `<math>${"<mfrac>".repeat(390)}<mi>x`,
  "50,000 pictures in one": () => `<picture>${"<img src=data:x>".repeat(50_000)}`,
  "50,000 footnotes of one name": () => `<ol class=footnotes>${"<li id=fn1>x".repeat(50_000)}`,
  "100,000 quotes in each other": () => `${"<blockquote>".repeat(100_000)}x`,
  "a line of 5 MB": () => `<p>${"word ".repeat(1_000_000)}`,
  "1 MB of pipes in a cell": () => `<table><tr><th>a<tr><td>${"|".repeat(1_000_000)}</table>`,
  "1 MB of pipes": () => `<p>${"|".repeat(1_000_000)}`,
  "formulas in text by the hundred thousand": () => `<p>${"\\(a\\) $x^2$ ".repeat(80_000)}`,
  "delimiters of formulas that never end": () => `<p>${"\\( \\[ $$ $x^ ".repeat(1000)}</p>`.repeat(60),
  "scripts of formulas in each other": () => `<math>${"<mmultiscripts><mi>a</mi><mprescripts/>".repeat(190)}<mi>x`,
  "accents in each other's marks": () => `<math>${"<mover><mi>a</mi>".repeat(390)}<mo>^`,
  "20,000 rows of MathML": () => `<math><mtable>${"<mtr><mtd><mi>&alpha;</mi></mtd></mtr>".repeat(20_000)}`,
  "10,000 drawn formulas": () =>
    `<p>${'<span class=MathJax data-mathml="<math><mi>x</mi></math>">x</span>'.repeat(10_000)}`,
  "tabs in each other": () =>
    "<div class=tab-pane role=tabpanel><div role=tablist><b role=tab>x</b></div>".repeat(130).repeat(20),
  "20,000 tabs": () =>
    `<div role=tablist>${"<b role=tab>x</b>".repeat(20_000)}</div>${"<div role=tabpanel>y</div>".repeat(20_000)}`,
  "20,000 buttons that unfold": () =>
    `<div>${"<button aria-expanded=false aria-controls=x>a b</button>".repeat(20_000)}`,
  "notes in each other, each with an icon": () => "<div class=callout data-callout=x><div><b>".repeat(130).repeat(20),
  "20,000 anchors of footnotes in one block": () => `<p>${"<a id=ftnt1 href=#ftnt_ref1>1</a>".repeat(20_000)}`,
  "20,000 texts for screen readers in one block": () => `<p>${"<span class=sr-only>x</span>".repeat(20_000)}`,
  "lines of code in each other": () =>
    `<pre>${"<span class=line>".repeat(390)}${"<span class=line>x</span>".repeat(20_000)}`,
  "tables by role in each other": () => "<div role=table><div role=row><div role=cell>x".repeat(130).repeat(50),
  "20,000 brackets in pairs in a link": () => `<a href=x>${"[a] ".repeat(20_000)}</a>`,
  "headings with 20,000 siblings": () => "<h2>x</h2>".repeat(20_000),
  "a class attribute of 15,000 characters on every element": () => `<p class="${"note ".repeat(3000)}">x`.repeat(50),
};

test.each(Object.keys(pages))("%s take linear time", (name) => {
  const { root } = parseHtml(pages[name]?.() ?? "");

  const markdown = toMarkdown(root, { baseUrl: "https://a.example/" });

  expect(markdown.length).toBeLessThan(10_000_000);
});

test("containers past the deepest that are shown write into their parent and lose no text", () => {
  const { root } = parseHtml(`${"<blockquote>".repeat(100)}<p>core</p>`);

  const markdown = toMarkdown(root, { baseUrl: "https://a.example/" });

  expect(markdown).toBe(`${"> ".repeat(16)}core\n`);
});

test("unclosed and misnested markup gives its text", () => {
  const { root } = parseHtml("<b><p>a<i>b</b>c</p></i><table><li>d<tr>e<td>f</div></table><a href=/x>g<a href=/y>h");

  const markdown = toMarkdown(root, { baseUrl: "https://a.example/" });

  for (const letter of "abcfgh") expect(markdown).toContain(letter);
});
