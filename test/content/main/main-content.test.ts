import { describe, expect, test } from "bun:test";
import type { Document, DocumentInput } from "../../../src/content/document.ts";
import { toDocument } from "../../../src/content/to-document.ts";
import { xenforo } from "../page-type/threads.ts";
import { article, documentation, listing, paragraph } from "../pages.ts";

function read(html: string, options: Partial<DocumentInput> = {}): Document {
  const body = new TextEncoder().encode(html);
  return toDocument({ url: "https://a.example/page", body, contentType: "text/html", ...options });
}

describe("a document says how its text was chosen", () => {
  test("an article: by its blocks, surely, without a good part of the page", () => {
    const { quality } = read(article);

    expect(quality).toMatchObject({ chosen: "main", rule: "blocks" });
    expect(quality.confidence).toBeGreaterThan(0.9);
    expect(quality.textShare).toBeWithin(0.5, 0.95);
  });

  test("a page of few words: by its landmarks", () => {
    expect(read(documentation).quality).toMatchObject({ rule: "few-words", confidence: 0.5 });
  });

  test("a whole page: because that was asked for", () => {
    expect(read(article, { content: "page" }).quality).toEqual({
      chosen: "page",
      rule: "whole-page",
      confidence: 1,
      textShare: 1,
    });
  });

  test("an empty page has lost nothing", () => {
    expect(read("").quality.textShare).toBe(1);
  });
});

test("a page of nothing but links keeps all that is in no menu, and says that nothing could be told apart or was found", () => {
  const links = Array.from({ length: 60 }, (_, at) => `<li><a href="/${at}">Place number ${at} of the list</a></li>`);
  const { markdown, quality } = read(`<nav><a href="/">Start page</a></nav><ul>${links.join("")}</ul>`);

  for (const at of [0, 30, 59]) expect(markdown).toContain(`Place number ${at} of`);
  expect(quality.textShare).toBeGreaterThan(0.9);
});

test("a thread has all its posts in order, each under its author and date", () => {
  const { markdown, pageType, quality } = read(xenforo);

  expect(pageType?.type).toBe("forum");
  expect(quality.rule).toBe("thread");
  const lines = markdown.split("\n").filter((line) => /says:|^\*\*/.test(line));
  expect(lines.map((line) => line.split(" says", 1)[0])).toEqual([
    "**Ada** · May 1, 2024",
    "Ada",
    "**Bo** · May 2, 2024",
    "Bo",
    "**Cyd** · May 3, 2024",
    "Cyd",
  ]);
  expect(markdown).not.toContain("Old salt");
});

test("navigation stays on request, between the rest of the page as it stands", () => {
  const without = read(listing).markdown;
  const { markdown } = read(listing, { navigation: true });

  expect(without).not.toContain("category link");
  expect(markdown).toContain("[category link 3]");
  expect(markdown.indexOf("category link")).toBeLessThan(markdown.indexOf("Web number 1"));
});

test("a table is kept as a whole, whatever its rows look like by themselves", () => {
  const rows = Array.from({ length: 20 }, (_, at) => `<tr><td>${at}</td><td><a href="/${at}">x</a></td></tr>`).join("");
  const table = `<table><tr><th>Count</th><th>Link</th></tr>${rows}</table>`;
  const { markdown } = read(article.replace("<h2>", `${table}<h2>`));

  expect(markdown.match(/^\| /gm)).toHaveLength(22);
});

test("a listing is kept where the text around it is, though it has few words", () => {
  const code = '<div class="highlight"><pre><code>install pump\nrun pump --beta</code></pre></div>';
  const { markdown } = read(article.replace("<h2>", `${code}<h2>`));

  expect(markdown).toContain("run pump --beta");
});

describe("each decision is explained", () => {
  const { decisions = [], quality } = read(article, { explain: true });

  test("with where it is, how it begins, how much it is, and how sure it was", () => {
    const kept = decisions.find(({ isKept }) => isKept);
    expect(kept).toMatchObject({ rule: quality.rule, selector: "div.text" });
    expect(kept?.text).toStartWith("Article 1: Orb weavers");
    expect(kept?.confidence).toBeGreaterThan(0.5);
    expect(decisions.find(({ text }) => text.startsWith("Copyright"))?.isKept).toBe(false);
    for (const { text, confidence } of decisions) {
      expect(text.length).toBeLessThanOrEqual(200);
      expect(confidence).toBeWithin(0, 1.000001);
    }
  });

  test("by selectors that a request can give back", () => {
    const [first] = decisions.filter(({ isKept }) => isKept);

    expect(read(article, { includeSelectors: [first?.selector ?? ""] }).markdown).toContain(paragraph("Article 1"));
  });

  test("and only when that is asked for", () => {
    expect(read(article).decisions).toBeUndefined();
  });
});

test("a page of more blocks than are looked at says that some of it is missing", () => {
  expect(read("<p>A line of words.".repeat(17_000)).isTruncated).toBe(true);
  expect(read(article).isTruncated).toBe(false);
});
