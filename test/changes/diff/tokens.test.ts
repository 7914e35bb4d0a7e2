import { expect, test } from "bun:test";
import fc from "fast-check";
import { amountOf, countCharacters, createVocabulary, tokenize } from "../../../src/changes/diff/tokens.ts";
import { anyText } from "./samples.ts";

function read(text: string): string[] {
  const vocabulary = createVocabulary();
  return [...tokenize(text, vocabulary)].map((token) => vocabulary.texts[token]!);
}

test.each([
  ["Don't pay 1,299.00 €, or 3.", ["Don't", " ", "pay", " ", "1,299.00", " ", "€", ",", " ", "or", " ", "3", "."]],
  ["l’été 'quoted' 2026-05-03", ["l’été", " ", "'", "quoted", "'", " ", "2026", "-", "05", "-", "03"]],
  ["日本語のA1", ["日", "本", "語", "の", "A1"]],
  ["สวัสดี", ["ส", "วั", "ส", "ดี"]],
  ["👨‍👩‍👧👍🏽🇩🇪🇫🇷❤️", ["👨‍👩‍👧", "👍🏽", "🇩🇪", "🇫🇷", "❤️"]],
  ["שלום עולם", ["שלום", " ", "עולם"]],
  ["naïve\u00a0 x\t\n", ["naïve", "\u00a0 ", "x", "\t\n"]],
])("%j is read as words, marks and spaces", (text, tokens) => {
  expect(read(text)).toEqual(tokens);
});

test("tokens are the text to the letter, and their characters are counted as without them", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const vocabulary = createVocabulary();
      const tokens = tokenize(text, vocabulary);

      expect([...tokens].map((token) => vocabulary.texts[token]).join("")).toBe(text);
      expect(amountOf(tokens, vocabulary).characters).toBe(countCharacters(text));
    }),
    { numRuns: 300 },
  );
});
