import { describe, expect, test } from "bun:test";
import type { DocumentInput } from "../../src/content/document.ts";
import { type Element, parseHtml } from "../../src/content/dom.ts";
import { createElementSelectors } from "../../src/content/element-selector.ts";
import { extractPage } from "../../src/content/extract.ts";
import { applySelectors } from "../../src/content/selection.ts";
import { compileSelectors, findSelectorFault, selectElements } from "../../src/content/selectors.ts";
import { toDocument } from "../../src/content/to-document.ts";

const page = `<!doctype html><html lang="en"><title>Webs</title><body>
<nav class="menu"><a href="/">Home</a> <a href="/webs">Webs</a></nav>
<main><h1>Webs</h1>
<p class="lead">An orb web is spun anew each night, which takes about an hour. <img src="/web.jpg" alt="A web"></p>
<div class="box"><p>Old silk is eaten first, since it is made of protein that is dear to make.</p></div>
<ul><li class="pick">Frame</li><li>Radii</li><li class="pick">Spiral, see <a href="/spiral">there</a></li></ul>
<table><tr><th>Part</th><th>Hours</th></tr><tr class="pick"><td>Hub</td><td>1</td></tr>
<tr class="pick"><td>Radii</td><td>2</td></tr></table>
<aside class="note pick" hidden>Hidden until it is asked for.</aside></main>
<footer>Imprint</footer></body></html>`;

const read = (options: Partial<DocumentInput>, html = page) =>
  toDocument({
    url: "https://a.example/docs/page",
    body: new TextEncoder().encode(html),
    contentType: "text/html; charset=utf-8",
    ...options,
  });

describe("with selectors of what to keep", () => {
  test("the Markdown is what they match, outermost and in the page's order", () => {
    const { markdown, quality } = read({ includeSelectors: ["footer", ".box, .box p", "nav a:first-child"] });

    expect(markdown).toBe(
      "[Home](https://a.example/)\n\nOld silk is eaten first, since it is made of protein that is dear to make.\n\nImprint\n",
    );
    expect(quality).toMatchObject({ chosen: "selection", rule: "include-selectors", confidence: 1 });
    expect(quality.textShare).toBeWithin(0.2, 0.5);
  });

  test("items stay a list and rows a table, and what is hidden is shown when it is named itself", () => {
    const { markdown } = read({ includeSelectors: [".pick"] });

    expect(markdown).toContain("- Frame\n- Spiral, see [there](https://a.example/spiral)\n");
    expect(markdown).toMatch(/\| Hub +\| 1 +\|\n\| Radii +\| 2 +\|\n/);
    expect(markdown).toContain("Hidden until");
  });

  test("that match nothing, the content is looked for, and the quality says so", () => {
    const { markdown, quality } = read({ includeSelectors: ["#nowhere"] });

    expect(markdown).toBe(read({}).markdown);
    expect(quality).toMatchObject({ chosen: "main", rule: "include-selectors-matched-nothing", confidence: 0.1 });
  });
});

describe("with selectors of what to leave out", () => {
  test("that is left out, and links and metadata are still the whole page's", () => {
    const document = read({ content: "page", excludeSelectors: [".lead, table", "ul > :not(.pick)"] });

    expect(document.markdown).toContain("Old silk");
    expect(document.markdown).toContain("Spiral");
    expect(document.markdown).not.toMatch(/orb web|Hub|Radii/);
    expect(document.links).toHaveLength(3);
    expect(document.title).toBe("Webs");
  });

  test("they go before selectors of what to keep", () => {
    const { markdown } = read({ includeSelectors: ["ul", "footer"], excludeSelectors: ["footer", "li.pick"] });

    expect(markdown).toBe("- Radii\n");
  });

  test("a page of which nothing is left is empty", () => {
    expect(read({ excludeSelectors: ["*"] }).markdown).toBe("");
  });
});

test("each part of the page is explained, by a selector that finds it again", () => {
  const { decisions = [] } = read({ includeSelectors: ["main"], excludeSelectors: [".box"], explain: true });

  expect(decisions.map(({ isKept, rule, selector }) => [isKept, rule, selector])).toEqual([
    [false, "not-selected", "nav"],
    [true, "include-selectors", "main"],
    [false, "exclude-selectors", "div.box"],
    [false, "not-selected", "footer"],
  ]);
  expect(decisions[2]).toMatchObject({ text: expect.stringMatching(/^Old silk/), characters: 59 });
  for (const { selector, characters } of decisions) {
    const again = read({ includeSelectors: [selector], explain: true }).decisions?.filter(({ isKept }) => isKept);
    expect(again).toHaveLength(1);
    expect(again?.[0]?.characters).toBeGreaterThanOrEqual(characters);
  }
});

test("what stands beside something left out is named by where it stood in the page", () => {
  const rows = "<section><p>First of them.</p><p>Second of them.</p><p>Third of them.</p></section>";
  const root = parseHtml(rows).root;
  const selectorOf = createElementSelectors(root);
  const third = selectElements(root, compileSelectors(["p:last-child"])).elements[0] as Element;

  applySelectors(root, { excludeSelectors: ["p:nth-child(2)"] }, () => extractPage(root));

  expect(selectorOf(third)).toBe("section > p:nth-of-type(3)");
  expect(createElementSelectors(root)(third)).toBe(selectorOf(third));
});

test("images and links can be left out of the Markdown, which keeps their words", () => {
  const options = { includeSelectors: [".lead", "ul"] };

  expect(read({ ...options, images: false }).markdown).not.toContain("web.jpg");
  const plain = read({ ...options, links: false });
  expect(plain.markdown).toContain("Spiral, see there");
  expect(plain.markdown).toContain("![A web](https://a.example/web.jpg)");
  expect(plain.links).toHaveLength(3);
});

test.each([
  ["", "it is empty"],
  ["a[", "Expected name"],
  ["p::first-line", "::first-line is a part of no page"],
  ["p:contains(x)", "the pseudo-class :contains is not known here"],
  [":is(:has(a))", ":has() may not stand inside another selector"],
  ["> p", "it begins with a combinator"],
  ["p:nth-child(2n of :hover)", "takes a formula"],
  [":not(".repeat(9).concat("a", ")".repeat(9)), "more than 4 deep"],
  [`a${", a".repeat(100)}`, "more than 100 alternatives"],
])("%p is refused with a reason", (selector, words) => {
  expect(findSelectorFault(selector)).toContain(JSON.stringify(selector).slice(0, 50));
  expect(findSelectorFault(selector)).toContain(words);
});

test.each([
  ["html > body main ~ footer", 1],
  [":root > body > nav, :root nav a", 1],
  ["li:nth-child(2n + 1)", 2],
  ["li + li", 2],
  ["main:has(> table) .lead", 1],
  ["[class~=pick]:not(li, tr)", 1],
  ["A[HREF^='/w'], UL", 2],
  ["p:only-child, td:last-of-type", 3],
  [":empty", 1],
])("%p matches as CSS says", (selector, count) => {
  expect(findSelectorFault(selector)).toBeUndefined();
  expect(selectElements(parseHtml(page).root, compileSelectors([selector])).elements).toHaveLength(count);
});

test("selectors that would take long on a page are given up after the same work everywhere, and the document says so", () => {
  const wide = `<main>${"<p class=a>Some text of a row, which is long enough.<b>x</b>".repeat(5_000)}</main>`;
  const costly = ["p:nth-last-child(7n):nth-child(3n)"];

  const [first, second] = [read({ includeSelectors: costly }, wide), read({ excludeSelectors: costly }, wide)];

  expect(first.isTruncated && second.isTruncated).toBe(true);
  expect(first.quality.confidence).toBeLessThan(1);
});
