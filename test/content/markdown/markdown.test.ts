import { describe, expect, test } from "bun:test";
import { hasClass, parseHtml } from "../../../src/content/dom.ts";
import { toMarkdown } from "../../../src/content/markdown/markdown.ts";

const convert = (html: string, baseUrl = "https://a.example/dir/page") => toMarkdown(parseHtml(html).root, { baseUrl });

test("a page without text gives the empty string", () => {
  expect(convert("")).toBe("");
  expect(convert("<p> </p><div><ul><li></li></ul><blockquote></blockquote><b></b></div>")).toBe("");
});

test("elements that are not kept leave no trace, whatever they are", () => {
  const { root } = parseHtml(
    "<p>a<b class=no>b</b></p><nav class=no>c</nav><ul><li class=no>d<li>e</ul>" +
      "<table><tr><th>h<th class=no>i<tr class=no><td>j<tr><td>k<td class=no>l</table>",
  );

  const markdown = toMarkdown(root, { baseUrl: "https://a.example/", keep: (element) => !hasClass(element, "no") });

  expect(markdown).toBe("a\n\n- e\n\n| h |\n| --- |\n| k |\n");
});

test("references to footnotes that are not kept stay links", () => {
  const { root } = parseHtml("<p>a<a href=#fn1>1</a></p><ol class='footnotes no'><li id=fn1>x</ol>");

  const markdown = toMarkdown(root, { baseUrl: "https://a.example/p", keep: (element) => !hasClass(element, "no") });

  expect(markdown).toBe("a[1](https://a.example/p#fn1)\n");
});

describe("links", () => {
  test.each([
    ["x.html", "https://a.example/dir/x.html"],
    ["../x", "https://a.example/x"],
    ["#part", "https://a.example/dir/page#part"],
    ["HTTPS://B.example", "https://b.example/"],
    ["//b.example/x", "https://b.example/x"],
    ["/a(b)", "https://a.example/a(b)"],
    ["/a(b", "https://a.example/a\\(b"],
    ["/ä ö", "https://a.example/%C3%A4%20%C3%B6"],
    ["/?a=1&copy;=2", "https://a.example/?a=1%C2%A9=2"],
    ["/?a=&amp;copy;", "https://a.example/?a=\\&copy;"],
    ["/?a=`", "https://a.example/?a=%60"],
    ["tel:+49123", "tel:+49123"],
  ])("%s is written as %s", (href, written) => {
    expect(convert(`<a href="${href}">t</a>`)).toBe(`[t](${written})\n`);
  });

  test.each([
    "javascript:alert(1)",
    "JaVaScRiPt:x",
    " java\tscript:x",
    "vbscript:x",
    "data:text/html,x",
    "http://[",
    "",
  ])("%j is no link", (href) => {
    expect(convert(`<a href="${href}">t</a>`)).toBe("t\n");
  });
});

describe("code", () => {
  test.each([
    ['<pre class="language-js"><code>x</code></pre>', "js"],
    ['<pre><code class="lang-py">x</code></pre>', "py"],
    ['<pre class="brush: java; gutter: false">x</pre>', "java"],
    [
      '<div class="sourceCode"><pre class="sourceCode haskell"><code class="sourceCode haskell">x</code></pre></div>',
      "haskell",
    ],
    ['<pre class="src src-emacs-lisp">x</pre>', "emacs-lisp"],
    ['<figure class="highlight ruby"><pre>x</pre></figure>', "ruby"],
    ['<div class="highlight-console notranslate"><div class="highlight"><pre>x</pre></div></div>', "console"],
    ['<pre data-language="C++"><code>x</code></pre>', "c++"],
    ['<pre class="language-none"><code>x</code></pre>', ""],
    ['<pre class="wrap"><code class="hljs">x</code></pre>', ""],
    ['<pre class="language-a`b"><code>x</code></pre>', ""],
  ])("%s is of language %j", (html, language) => {
    expect(convert(html)).toBe(`\`\`\`${language}\nx\n\`\`\`\n`);
  });

  test("a fence is longer than any run of back-ticks in the code", () => {
    expect(convert("<pre>a\n`````\nb</pre>")).toBe("``````\na\n`````\nb\n``````\n");
  });
});

test("a list that starts at another number than 1 does not join the paragraph before it", () => {
  expect(convert("<ul><li>a<ol start=3><li>b</ol></ul>")).toBe("- a\n\n  3. b\n");
});

test("a table inside a list item is indented with it", () => {
  expect(convert("<ul><li>a<table><tr><th>h<tr><td>c</table></ul>")).toBe("- a\n\n  | h |\n  | --- |\n  | c |\n");
});
