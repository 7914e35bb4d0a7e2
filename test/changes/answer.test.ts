import { expect, test } from "bun:test";
import { judgeAnswer, judgeStored } from "../../src/changes/answer.ts";
import type { Document } from "../../src/content/document.ts";
import { toDocument } from "../../src/content/to-document.ts";
import { answerPages } from "./answer-pages.ts";

const url = "https://www.example.com/some/page";

function read(text: string, contentType = "text/html; charset=utf-8", content: "main" | "page" = "main"): Document {
  return toDocument({ url, body: new TextEncoder().encode(text), contentType, content });
}

test.each(["main", "page"] as const)("pages are told from what stands in their place, by their %s text", (content) => {
  const judged = answerPages.map(({ name, html, is }) => {
    const document = read(html, undefined, content);
    return { name, is, found: judgeAnswer(document, url), text: document.markdown };
  });

  expect(judged.filter(({ is, found }) => is !== found)).toEqual([]);
});

test("a stored document is judged as it was when it came", () => {
  const judged = answerPages.map(({ html }) => {
    const { headings, ...document } = read(html);
    const details = { headings };
    return judgeStored({ ...document, details }, url) === judgeAnswer({ ...document, headings }, url);
  });

  expect(judged).not.toContain(false);
});

test("what is no HTML is content unless it is empty", () => {
  expect(judgeAnswer(read("404 Not Found", "text/plain"), url)).toBe("content");
  expect(judgeAnswer(read('{"error":"Page not found"}', "application/json"), url)).toBe("content");
  expect(judgeAnswer(read("", "text/plain"), url)).toBe("empty_page");
});
