import { afterAll, describe, expect, test } from "bun:test";
import { type ComparedVersion, comparableText, comparableTexts } from "../../src/changes/comparable-text.ts";
import { readTracking, rulesFor } from "../../src/changes/tracking.ts";
import type { DocumentInput } from "../../src/content/document.ts";
import { createParserPool, ParseError, type ParseErrorCode, type ParserPool } from "../../src/content/parser-pool.ts";

const rules = (rule: object) => rulesFor(readTracking({ rules: [rule] }), "https://a.example/");
const html = (price: string, banner: string) =>
  `<!doctype html><title>T</title><main><p class="banner">${banner}</p><p id="price">It costs ${price} euros.</p></main>`;

const version = (markdown: string, body?: string): ComparedVersion => ({
  url: "https://a.example/",
  markdown,
  readRaw: async () =>
    body === undefined ? undefined : { body: Uint8Array.from(Buffer.from(body)), contentType: "text/html" },
});
const failing = (code: ParseErrorCode): ParserPool => ({
  parse: async (_: DocumentInput) => {
    throw new ParseError(code, "It failed");
  },
  busyThreads: () => 0,
  close: () => {},
});

describe("the text that is compared", () => {
  const parser = createParserPool({ threads: 1 });
  afterAll(() => parser.close());

  test("is the stored Markdown without noise, and no body is read for it", async () => {
    const stored = { ...version("5  views"), readRaw: () => Promise.reject(new Error("read")) };

    expect(await comparableText({ parser }, stored, rules({ ignore_numbers: true }))).toBe("0 views");
  });

  test("is what the selectors choose of the body", async () => {
    const body = version("stored", html("5", "Hello"));

    expect(await comparableText({ parser }, body, rules({ include_selectors: ["#price"] }))).toBe("It costs 5 euros.");
    expect(await comparableText({ parser }, body, rules({ remove_selectors: [".banner"] }))).toBe("It costs 5 euros.");
    expect(await comparableText({ parser }, body, rules({ remove_selectors: ["#price"], ignore_text: ["x"] }))).toBe(
      "Hello",
    );
  });

  test("is the stored Markdown where the body is gone or can't be read", async () => {
    const rule = rules({ include_selectors: ["#price"] });

    expect(await comparableText({ parser }, version("stored"), rule)).toBe("stored");
    expect(await comparableText({ parser: failing("parse_failed") }, version("stored", "x"), rule)).toBe("stored");
    expect(await comparableText({ parser: failing("parse_timeout") }, version("stored", "x"), rule)).toBe("stored");
  });

  test("is none when there is no time to read the body now", async () => {
    const asked = comparableText(
      { parser: failing("queue_full") },
      version("a", "x"),
      rules({ include_selectors: ["p"] }),
    );

    await expect(asked).rejects.toMatchObject({ code: "queue_full" });
  });

  test("of two versions is made the same way: from both bodies, or from neither", async () => {
    const rule = rules({ include_selectors: ["#price"] });
    const [a, b] = [
      version("Hello\n\nIt costs 5 euros.", html("5", "Hello")),
      version("Bye\n\nIt costs 5 euros.", html("5", "Bye")),
    ];
    const gone = version("Hello\n\nIt costs 5 euros.");

    const [was, is] = await comparableTexts({ parser }, a, b, rule);

    expect([was, is]).toEqual(["It costs 5 euros.", "It costs 5 euros."]);
    expect(await comparableTexts({ parser }, gone, b, rule)).toEqual([gone.markdown, b.markdown]);
    expect(await comparableTexts({ parser }, b, gone, rule)).toEqual([b.markdown, gone.markdown]);
  });
});
