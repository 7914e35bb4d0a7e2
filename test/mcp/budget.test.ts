import { expect, test } from "bun:test";
import fc from "fast-check";
import { estimateTokens } from "../../src/content/token-estimate.ts";
import { findCut, shorten, takeFitting } from "../../src/mcp/budget.ts";

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 3_000 }),
  fc.lorem({ maxCount: 200 }).map((text) => text.replaceAll(". ", ".\n\n")),
  fc.string({ unit: fc.constantFrom("a", " ", "\n", "é", "漢", "👩‍🚀", "\ud83d"), maxLength: 3_000 }),
);

test("whoever reads on from where a part ended gets the whole text, in parts that are small enough", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 5, max: 200 }), (text, maxTokens) => {
      let whole = "";
      for (let at = 0; at < text.length; ) {
        const end = findCut(text, at, maxTokens);
        expect(end).toBeGreaterThan(at);
        const part = text.slice(at, end);
        if (part.length > 2) expect(estimateTokens(part)).toBeLessThanOrEqual(maxTokens);
        whole += part;
        at = end;
      }
      expect(whole).toBe(text);
    }),
  );
});

test("a part does not end inside a character", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 500 }),
      fc.integer({ min: 2, max: 50 }),
      (text, most) => {
        for (let at = 0; at < text.length; at = findCut(text, at, most))
          expect(text.slice(at, findCut(text, at, most)).isWellFormed()).toBe(true);
      },
    ),
  );
});

test("a part ends between paragraphs, or else lines, or else words, where one is near", () => {
  const paragraph = "Wheels turn and rivers run.";

  expect(findCut(`${paragraph}\n\n${paragraph}`, 0, 8)).toBe(paragraph.length + 2);
  expect(findCut(`${paragraph}\n${paragraph}`, 0, 8)).toBe(paragraph.length + 1);
  expect("wheels turn and rivers run".slice(0, findCut("wheels turn and rivers run", 0, 4))).toMatch(/ $/);
});

test("what weighs next to nothing is bounded by its length", () => {
  expect(findCut(" ".repeat(1_000_000), 0, 1_000)).toBeLessThanOrEqual(6_000);
});

test("a text is shortened to one line", () => {
  expect(shorten("a\n  b", 10)).toBe("a b");
  expect(shorten("wheels turn", 7)).toBe("wheels…");
  expect(shorten("🚀🚀🚀", 4)).toBe("🚀…");
  expect(shorten("\ud83d", 4)).toBe("\ufffd");
});

test("of a list at least one item is taken, and none beyond what fits", () => {
  const write = (text: string) => text;

  expect(takeFitting(["word ".repeat(500), "b"], 100, write)).toEqual({ shown: ["word ".repeat(500)], isAll: false });
  expect(takeFitting(["a", "b"], 100, write)).toEqual({ shown: ["a", "b"], isAll: true });
  expect(takeFitting([], 100, write)).toEqual({ shown: [], isAll: true });
});
