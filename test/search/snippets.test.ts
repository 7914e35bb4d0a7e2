import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SnippetPart } from "../../src/search/search.ts";
import { cutSnippet, type Match, withoutStrays } from "../../src/search/snippets.ts";

const find = (text: string, ...words: string[]): Match[] =>
  words
    .flatMap((word, term) =>
      [...text.matchAll(new RegExp(word, "g"))].map(({ index }) => ({ start: index, end: index + word.length, term })),
    )
    .sort((a, b) => a.start - b.start);

const show = (parts: readonly SnippetPart[]) =>
  parts.map(({ text, isMatch }) => (isMatch ? `[${text}]` : text)).join("");

const cut = (text: string, words: string[], width?: number) =>
  show(cutSnippet(text, find(text, ...words), { worths: words.map(() => 1), width }));

const FILLER = "Nothing of note is told in this place. ".repeat(20);

test("a short text is shown whole, with what was found marked", () => {
  expect(cut("A lock is held\nby a  session.", ["lock", "session"])).toBe("A [lock] is held by a [session].");
});

test("of a long text the place is shown that has most of the words, from the beginning of its sentence", () => {
  const text = `One lock here. ${FILLER}A lock is held by the session that took it. ${FILLER}`;

  const shown = cut(text, ["lock", "session"], 100);

  expect(shown).toMatch(
    /^… (?:Nothing of note is told in this place\. )?A \[lock\] is held by the \[session\] that took it\. …$/,
  );
});

test("words that stand far apart are shown in two places, in the order of the text", () => {
  const text = `${FILLER}The first is a lock. ${FILLER}The second is a session. ${FILLER}`;

  const shown = cut(text, ["lock", "session"], 160);

  expect(shown).toMatch(/^… .*\[lock\].* … .*\[session\].* …$/);
});

test("rarer words weigh more than many of a common one", () => {
  const text = `lock lock lock lock. ${FILLER}A rare quokka. ${FILLER}`;
  const matches = find(text, "lock", "quokka");

  const shown = show(cutSnippet(text, matches, { worths: [0.1, 5], width: 60 }));

  expect(shown).toContain("[quokka]");
});

test("where nothing was found in the text its beginning is shown, cut at a word", () => {
  const shown = cut(FILLER.replaceAll(".", ""), [], 50);

  expect(shown).toMatch(/^Nothing of note is told in this place.* …$/);
  expect(shown.length).toBeLessThan(60);
});

test("scripts without spaces are cut between characters", () => {
  const text = `${"これは長い文章です。".repeat(30)}全文検索も使えます。${"これは長い文章です。".repeat(30)}`;

  const shown = cut(text, ["全文", "文検", "検索"], 80);

  expect(shown).toContain("[全文検索]");
  expect(shown).toStartWith("… ");
  expect([...shown].length).toBeLessThan(60);
});

test("matches that overlap are marked once", () => {
  const text = "Call pg_advisory_lock now";
  const matches = [
    { start: 5, end: 21, term: 0 },
    { start: 8, end: 16, term: 1 },
  ];

  expect(show(cutSnippet(text, matches, { worths: [1, 1] }))).toBe("Call [pg_advisory_lock] now");
});

test("nothing in a snippet steers a terminal, breaks a line or is half a character", () => {
  const parts = cutSnippet("a\u001b[31mred\u0000\r\n\u202ereversed \ud83d lock \u2028 end", [], { worths: [] });

  expect(parts.map(({ text }) => text).join("")).toBe("a [31mred reversed \ufffd lock end");
});

test("whatever the text and the matches, parts are whole, on one line and bounded", () => {
  const texts = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 600 }),
    fc.string({ unit: fc.constantFrom("a", " ", ".", "\n", "語", "😀"), maxLength: 900 }),
  );
  const property = fc.property(
    texts,
    fc.array(fc.tuple(fc.nat(900), fc.integer({ min: 1, max: 20 }), fc.nat(3)), { maxLength: 30 }),
    fc.integer({ min: 20, max: 300 }),
    (text, places, width) => {
      const matches = places
        .map(([start, length, term]) => ({ start, end: start + length, term }))
        .filter(({ end }) => end <= text.length)
        .sort((a, b) => a.start - b.start);

      const parts = cutSnippet(text, matches, { worths: [1, 2, 3, 4], width });

      for (const part of parts) expect(part.text).toMatch(/^[^\p{Cc}]+$/u);
      expect(parts.reduce((sum, part) => sum + part.text.length, 0)).toBeLessThan(width * 2 + 200);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test("two characters of a term that stand alone are no match where more of it stands together", () => {
  const part = (start: number, end: number, term = 0) => ({ start, end, term, isPart: true });
  const [first, second, stray, other] = [part(0, 2), part(1, 3), part(10, 12), part(20, 22, 1)];
  const word = { start: 30, end: 34, term: 0, isPart: false };

  expect(withoutStrays([first, second, stray, other, word])).toEqual([first, second, other, word]);
  expect(withoutStrays([stray, other, word])).toEqual([stray, other, word]);
});
