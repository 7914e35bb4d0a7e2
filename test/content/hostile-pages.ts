/** Pages made to hurt: `size` is about how many times something is said, and each page grows with it in proportion. */
export const hostilePages: Record<string, (size: number) => string> = {
  // Nesting
  "nested tags": (n) => `${"<div>".repeat(n)}x${"</div>".repeat(n)}`,
  "nested lists": (n) => "<ul><li>x".repeat(n / 5),
  "nested tables": (n) => "<table><tr><td>x".repeat(n / 7),
  "nested quotes": (n) => "<blockquote>x".repeat(n / 3),
  "nested formatting": (n) => "<b><i><u><a href=/x><font>x".repeat(n / 5),
  "nested sections with headings": (n) => "<section><article><h2>x".repeat(n / 4),
  "unmatched end tags in deep nesting": (n) => `${"<div>".repeat(n / 2)}${"</p></b>".repeat(n / 2)}`,
  "end tags held back by a cell": (n) => `<div><table><td>${"<b>".repeat(n / 5)}x${"</div>".repeat(n / 5)}`,
  "misnested formatting": (n) => `${"<b><i><p>text ".repeat(n / 10)}${"</b></i>".repeat(n / 10)}`,
  "links in links": (n) => "<a href=/x><div>y".repeat(n / 6),
  "headings in headings": (n) => `${"<h1><div>".repeat(150)}${"x ".repeat(5 * n)}`,
  "links in links around a long text": (n) => `${"<a href=/x><div>".repeat(150)}${"x ".repeat(5 * n)}`,
  "authors in authors": (n) => `${"<div itemprop=author>".repeat(300)}${"x ".repeat(5 * n)}`,
  "items in items": (n) => "<div itemscope itemtype=https://schema.org/Product itemprop=offers>x".repeat(n / 5),
  "templates and shadow roots": (n) => "<template shadowrootmode=open><template>x</template>".repeat(n / 5),
  "unclosed icons and formulas": (n) => "<svg><math><mi>x".repeat(n / 4),

  // Crowds
  paragraphs: (n) => many(2 * n, (at) => `<p>Paragraph ${at}, with a comma.`),
  "lines of one word": (n) => "<div>x</div>".repeat(2 * n),
  links: (n) => many(n, (at) => `<a href="/${at}">link ${at}</a> `),
  headings: (n) => many(n, (at) => `<h2 id=h${at}>Heading ${at}</h2>`),
  "list items": (n) => `<ul>${many(n, (at) => `<li>item ${at}`)}</ul>`,
  options: (n) => `<select>${many(n, (at) => `<option>${at}`)}</select>`,
  "table cells": (n) => `<table>${many(n / 100, (at) => `<tr>${"<td>x".repeat(100)}<td>${at}`)}</table>`,
  "spans of a table": (n) => `<table>${"<tr><td colspan=1000 rowspan=60000>x".repeat(n / 3)}</table>`,
  classes: (n) => many(n / 5, (at) => `<div class="c${at} nav-x${at}">x</div>`),
  metas: (n) => many(n / 4, (at) => `<meta name="n${at}" property="og:image" content="c${at}">`),
  posts: (n) =>
    many(n / 5, (at) => `<div class="post comment" id=c${at}><a class=author href=/u>u${at}</a><p>It is ${at}.</div>`),
  goods: (n) =>
    many(n / 5, (at) => `<li class=product><a href=/p/${at}><img src=/${at}.png alt=a><h3>Good ${at}</h3></a>$${at}`),
  times: (n) => many(n / 2, (at) => `<time datetime="2020-01-01T00:00:0${at % 10}Z">1 Jan</time>`),
  crumbs: (n) => `<nav class=breadcrumb>${many(n / 5, (at) => `<a href=/${at}>level ${at}</a> &gt; `)}</nav>`,
  inputs: (n) => "<form><label>x<input><button>y</button><textarea>z</textarea></form>".repeat(n / 5),
  "line breaks": (n) => "a<br>".repeat(2 * n),
  footnotes: (n) => many(n / 10, (at) => `<sup><a href=#fn${at} id=r${at}>${at}</a></sup><li id=fn${at}>note ${at}`),
  pictures: (n) => `<picture>${"<source srcset='/a 1x, /b 2x'><img src=/c alt=d>".repeat(n / 5)}`,
  "code blocks": (n) => "<pre><code class=language-js>let x = '`';\n</code></pre>".repeat(n / 5),
  "styles and what they hide": (n) =>
    `<style>${many(n / 5, (at) => `.c${at}>*~p:not(.x${at}){display:none}`)}</style>${many(n / 5, (at) => `<p style="display:none;color:${at}" hidden>x`)}`,

  // Attributes
  attributes: (n) => `<div ${many(10 * n, (at) => `a${at}=x `)}>x</div>`,
  "an endless attribute": (n) => `<div title="${"x".repeat(100 * n)}">x</div>`,
  "an attribute without an end": (n) => `<p>x<a href="/${" y=z".repeat(50 * n)}`,
  "long classes": (n) => `<p class="${"nav ".repeat(3000)}" id="${"a-".repeat(7000)}">x`.repeat(n / 500),
  "long alternative texts": (n) =>
    `<img src=/x alt="${"word ".repeat(3000)}" srcset="${"/a 1x, ".repeat(2000)}">`.repeat(n / 500),

  // Text
  "one line": (n) => "x".repeat(200 * n),
  spaces: (n) => `a${" ".repeat(50 * n)}b`,
  "a title without an end": (n) => `<title>${"a - ".repeat(12 * n)}`,
  "a title": (n) => `<title>${"a - ".repeat(12 * n)}</title>x`,
  "a sentence without an end": (n) => `<p>${"word, and ".repeat(20 * n)}`,
  "less-than signs": (n) => "<".repeat(10 * n),
  ampersands: (n) => "&".repeat(10 * n),
  entities: (n) => "&amp;&#x41;&NotEqualTilde;&#xD800;&#x110000;".repeat(5 * n),
  "back-ticks and stars": (n) => `<p>${"`*_[".repeat(2 * n)}`,
  "open brackets": (n) => "[".repeat(10 * n),
  "dollars and backslashes": (n) => `<p>${"\\(\\[$$\\begin{".repeat(n)}`,
  "combining marks": (n) => `<p>a${"\u0301\u0489\u200d".repeat(10 * n)}`,
  "letters without spaces": (n) => `<p>${"日本語の文章です。".repeat(3 * n)}`,
  "text from right to left": (n) => `<p dir=rtl>${"\u202eשלום \u2067عالم ".repeat(2 * n)}`,
  NULs: (n) => `a\0${"\0<p\0>\0".repeat(2 * n)}`,
  dates: (n) => `<p>${"Published on 12 March 2020, updated 2021-03-04 by Ada and Bob, ".repeat(n / 2)}`,
  prices: (n) => `<p>${"$1,299.00 – EUR 12,99 in stock ★★★★☆ (12) ".repeat(n / 2)}`,

  // What has no end
  comments: (n) => "<!--".repeat(10 * n),
  "CDATA sections": (n) => "<![CDATA[".repeat(5 * n),
  declarations: (n) => "<!doctype html [<!ENTITY a 'b'>".repeat(2 * n),
  scripts: (n) => "<script><!--<script>".repeat(2 * n),
  "text areas": (n) => "<textarea></text".repeat(2 * n),
  "plain text": (n) => `<plaintext>${"<p>x</plaintext>".repeat(2 * n)}`,
  framesets: (n) => `<frameset>${"<frame src=/x><noframes><p>x".repeat(n)}`,

  // Structured data
  "deep JSON-LD": (n) => jsonLd("[".repeat(2 * n)),
  "deep JSON-LD that ends": (n) => jsonLd(`${'{"a":['.repeat(n / 20)}${"]}".repeat(n / 20)}`),
  "wide JSON-LD": (n) =>
    jsonLd(`[${many(n, (at) => `{"@type":"Product","@id":"#${at}","author":{"@id":"#${at + 1}"}},`)}{}]`),
  "many JSON-LDs": (n) => jsonLd('{"@type":"Article","author":["a","b"],"__proto__":{"x":1}}').repeat(n / 10),
  "JSON-LD of one string": (n) => jsonLd(`{"@type":"Article","headline":"${"a - ".repeat(10 * n)}"}`),
};

function many(count: number, one: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => one(at)).join("");
}

const jsonLd = (json: string) => `<script type="application/ld+json">${json}</script>`;
