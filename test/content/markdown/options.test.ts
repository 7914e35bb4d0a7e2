import { expect, test } from "bun:test";
import { parseHtml } from "../../../src/content/dom.ts";
import { toMarkdown } from "../../../src/content/markdown/markdown.ts";
import { toDocument } from "../../../src/content/to-document.ts";

const baseUrl = "https://a.example/";
const html =
  '<p>See <a href="/x">there</a>.</p><p><a href="/big"><img src="s.png" alt="thumb"></a></p>' +
  '<figure><picture><source srcset="p.webp"><img src="p.png" alt="p"></picture><figcaption>Caption</figcaption></figure>' +
  '<p><iframe src="https://v.example/1" title="Talk"></iframe></p><p><img class="latex" alt="x^2" src="f.png"></p>' +
  '<p><a href="https://a.example/y">https://a.example/y</a></p>';

test("without images they leave nothing behind, nor do links that hold nothing else", () => {
  const markdown = toMarkdown(parseHtml(html).root, { baseUrl, images: false });

  expect(markdown).toBe(
    "See [there](https://a.example/x).\n\nCaption\n\n[Talk](https://v.example/1)\n\n$x^2$\n\n<https://a.example/y>\n",
  );
});

test("without links their text stays, and images do", () => {
  const markdown = toMarkdown(parseHtml(html).root, { baseUrl, links: false });

  expect(markdown).toBe(
    "See there.\n\n![thumb](https://a.example/s.png)\n\n![p](https://a.example/p.png)\n\nCaption\n\n$x^2$\n\n" +
      "https://a.example/y\n",
  );
});

test("footnotes are kept without links", () => {
  const { root } = parseHtml("<p>a<sup><a href=#fn1>1</a></sup><ol class=footnotes><li id=fn1>b</ol>");

  expect(toMarkdown(root, { baseUrl, links: false })).toBe("a[^1]\n\n[^1]: b\n");
});

test("a document's input turns both off", () => {
  const input = {
    url: baseUrl,
    body: new TextEncoder().encode(html),
    contentType: "text/html",
    content: "page",
  } as const;

  const { markdown } = toDocument({ ...input, images: false, links: false });

  expect(markdown).toBe("See there.\n\nCaption\n\n$x^2$\n\nhttps://a.example/y\n");
});
