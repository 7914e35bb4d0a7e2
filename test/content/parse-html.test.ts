import { describe, expect, test } from "bun:test";
import { attribute, classNames, type Node, parseHtml, textOf } from "../../src/content/dom.ts";

/** `name[child,"text"]`, without `<html>`. */
function outline(html: string): string {
  return parseHtml(html).root.children.map(shape).join(",");
}

function shape(node: Node): string {
  if (node.type === "text") return JSON.stringify(node.text);
  return node.children.length === 0 ? node.name : `${node.name}[${node.children.map(shape).join(",")}]`;
}

test.each([
  ["paragraphs end where the next block starts", "<p>a<p>b<ul><li>c<li>d</ul>", 'p["a"],p["b"],ul[li["c"],li["d"]]'],
  ["items stay in their own list", "<ul><li>a<ul><li>b</ul><li>c</ul>", 'ul[li["a",ul[li["b"]]],li["c"]]'],
  [
    "cells and rows end by themselves",
    "<table><tr><td>a<td>b<tr><th>c</table>d",
    'table[tr[td["a"],td["b"]],tr[th["c"]]],"d"',
  ],
  [
    "cells without a row's start tag are in a row",
    "<table><tbody><td>a<td>b</tr><td>c</table>",
    'table[tbody[tr[td["a"],td["b"]],tr[td["c"]]]]',
  ],
  [
    "an end tag does not reach out of its cell",
    "<div><table><td>a</div>b</table>c</div>",
    'div[table[tr[td["a","b"]]],"c"]',
  ],
  ["misnested bold text ends with its block", "<b><p>x</b>y</p>z", 'b[p["x","y"]],"z"'],
  ["terms and descriptions end each other", "<dl><dt>a<dd>b<dt>c</dl>", 'dl[dt["a"],dd["b"],dt["c"]]'],
  ["a link inside a link ends the first", "<a href=1>x<a href=2>y</a>", 'a["x"],a["y"]'],
  ["content after the body's end belongs to it", "<body>a</body></html><p>b", 'body["a",p["b"]]'],
  ["the head ends where content starts", "<head><title>t</title><p>a", 'head[title["t"]],p["a"]'],
  ["text is decoded", "a &lt;b&gt; &amp;copy; &eacute;&#x41; &amp &nope; c", '"a <b> &copy; éA & &nope; c"'],
  ["a bare less-than sign is text", "1 < 2 << 3", '"1 < 2 << 3"'],
  ["comments and declarations vanish", "<!doctype html>a<!-- <p> -->b<?x?>", '"a","b"'],
  ["an unclosed CDATA section does not swallow the page", "a<![CDATA[ x><p>b</p>", '"a",p["b"]'],
  ["scripts and styles have no text", "<script>'<p>'</script><style>p{}</style>a", 'script,style,"a"'],
  [
    "structured data keeps its text",
    '<script type="application/ld+json">{"a":"<p>"}</script>',
    'script["{\\"a\\":\\"<p>\\"}"]',
  ],
  ["noscript contents are read", "<noscript><p>a</p></noscript>", 'noscript[p["a"]]'],
  ["an inert template is left out", "<template><p>a</p><template>b</template></template>c", '"c"'],
  [
    "a declarative shadow root is read",
    "<x-y><template shadowrootmode=open><p>a</template></x-y>",
    'x-y[template[p["a"]]]',
  ],
  ["svg contents are left out", "<svg><title>x</title><path/></svg>a", 'svg,"a"'],
  ["an unclosed svg ends at the next block", "<svg><path><p>a</p>", 'svg,p["a"]'],
  ["math is kept", "<math><mi>x</mi><mspace/><mn>2</mn></math>", 'math[mi["x"],mspace,mn["2"]]'],
  ["preformatted text keeps its white space", "<pre>\n a\n\n  b </pre>", 'pre[" a\\n\\n  b "]'],
  ["white space between inline elements stays", "<p><b>a</b> <i>b</i></p>", 'p[b["a"]," ",i["b"]]'],
  ["line ends are one", "<pre>a\r\nb\rc</pre>", 'pre["a\\nb\\nc"]'],
  ["no input is no content", "", ""],
])("%s", (_, html, expected) => {
  expect(outline(html)).toBe(expected);
});

test("attributes are read in lower case, decoded, and the first of a name counts", () => {
  const { root } = parseHtml(`<html LANG=en><a HREF='?a=1&amp;b=2&copy=3' class=" x  y " href=z disabled>t</a>`);
  const [link] = root.children;

  if (link?.type !== "element") throw new Error("no link");
  expect(attribute(root, "lang")).toBe("en");
  expect(attribute(link, "href")).toBe("?a=1&b=2&copy=3");
  expect(attribute(link, "disabled")).toBe("");
  expect(attribute(link, "constructor")).toBeUndefined();
  expect(classNames(link)).toEqual(["x", "y"]);
});

test("elements are numbered in document order and know their parents", () => {
  const { root } = parseHtml("<div><p>a</p><p><b>b</b></p></div>");
  const [div] = root.children;

  if (div?.type !== "element") throw new Error("no div");
  expect(root.order).toBe(0);
  expect(div.children.map((child) => (child.type === "element" ? child.order : -1))).toEqual([2, 3]);
  expect(div.parent).toBe(root);
});

describe("limits", () => {
  function depthOf(html: string, maxDepth: number): number {
    let depth = 0;
    let level: Node[] = [parseHtml(html, { maxDepth }).root];
    while (level.length > 0) {
      depth++;
      level = level.flatMap((node) => (node.type === "element" ? node.children : []));
    }
    return depth;
  }

  test("what lies too deep becomes siblings, in order", () => {
    const html = `${"<div>".repeat(50)}<p>a<b>b</b>c</p>${"</div>".repeat(50)}d`;

    expect(depthOf(html, 10)).toBeLessThanOrEqual(12);
    expect(textOf(parseHtml(html, { maxDepth: 10 }).root)).toBe("abcd");
  });

  test("nodes beyond the limit are cut, and that is said", () => {
    const { root, isTruncated } = parseHtml("<p>a".repeat(100), { maxNodes: 20 });

    expect(isTruncated).toBe(true);
    expect(textOf(root).length).toBeLessThan(12);
    expect(parseHtml("<p>a").isTruncated).toBe(false);
  });

  test("an endless attribute is left out and a crowd of them is cut", () => {
    const { root } = parseHtml(`<a title="${"x".repeat(200)}" href=b></a><i ${"a ".repeat(500)}></i>`, {
      maxAttributeLength: 100,
    });
    const [link, crowded] = root.children;

    if (link?.type !== "element" || crowded?.type !== "element") throw new Error("no elements");
    expect(link.attributes).toEqual(["href", "b"]);
    expect(crowded.attributes.length).toBe(128);
  });

  test("source beyond the limit is not read", () => {
    expect(parseHtml("<p>abc</p><p>def</p>", { maxLength: 10 })).toMatchObject({ isTruncated: true });
  });
});
