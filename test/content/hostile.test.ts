import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Document, DocumentInput } from "../../src/content/document.ts";
import { toDocument } from "../../src/content/to-document.ts";
import { hostilePages } from "./hostile-pages.ts";
import { oddities } from "./oddities.ts";
import { article, documentation, forum, listing } from "./pages.ts";

/** Pages grow with it; `test/soak/hostile.ts` takes larger ones. */
const SIZE = 20_000;
/** No page may take longer; most take a twentieth of it, and anything quadratic a multiple. */
const BOUND_MS = 2_000;

const encoder = new TextEncoder();

const inputOf = (body: string | Uint8Array<ArrayBuffer>, contentType = "text/html; charset=utf-8"): DocumentInput => ({
  url: "https://a.example/",
  body: typeof body === "string" ? encoder.encode(body) : body,
  contentType,
});

test.each(Object.keys(hostilePages))("%s take bounded time", (name) => {
  const input = inputOf(hostilePages[name]?.(SIZE) ?? "");

  const { document, ms } = measure(input);

  expect(ms).toBeLessThan(BOUND_MS);
  expectSound(document);
  expect(document.markdown.length).toBeLessThan(20 * input.body.length);
});

test.each<[string, string, () => string]>([
  ["Markdown of brackets", "text/markdown", () => "[".repeat(1_000_000)],
  ["Markdown of fences", "text/markdown", () => "```\n".repeat(100_000)],
  ["Markdown of links", "text/markdown", () => "[a](b ".repeat(100_000)],
  ["Markdown in one line of hashes", "text/markdown", () => `# ${"#".repeat(1_000_000)}`],
  ["text of one URL", "text/plain", () => `http://${"a".repeat(2_000_000)}`],
  ["text of back-ticks as JSON", "application/json", () => "`".repeat(1_000_000)],
  ["deep JSON", "application/json", () => "[".repeat(200_000) + "]".repeat(200_000)],
  ["XML of angle brackets", "text/xml", () => "<".repeat(1_000_000)],
  ["a feed of endless items", "application/rss+xml", () => `<rss><channel>${"<item><title>x".repeat(50_000)}`],
  ["a table of commas", "text/csv", () => ",".repeat(500_000)],
  ["a table with an open quote", "text/csv", () => `a,"${"b\n".repeat(300_000)}`],
])("%s is passed on in bounded time", (_, contentType, make) => {
  const { document, ms } = measure(inputOf(make(), contentType));

  expect(ms).toBeLessThan(BOUND_MS);
  expectSound(document);
});

const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...encoder.encode(part)] : part)));
const noise = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 2_654_435_761) >>> 24);

test.each<[string, Uint8Array<ArrayBuffer>, string | null]>([
  [
    "bytes that are no UTF-8",
    bytes("<p>a", [0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf8], "b"),
    "text/html; charset=utf-8",
  ],
  ["a character cut off at the end", bytes("<p>a", [0xe2, 0x82]), "text/html; charset=utf-8"],
  ["half a character of UTF-16", bytes([0xff, 0xfe, 0x3c, 0, 0x70, 0, 0x3e, 0, 0x61]), "text/html"],
  ["a surrogate alone in UTF-16", bytes([0xfe, 0xff, 0, 0x61, 0xd8, 0, 0, 0x62]), "text/html"],
  ["UTF-16 that is declared and not there", bytes("<meta charset=utf-16><p>plain"), "text/html"],
  ["two declarations that disagree", bytes("<meta charset=shift_jis><p>", [0xc3, 0xa9]), "text/html; charset=koi8-r"],
  ["a charset that there is not", bytes("<meta charset=klingon><p>é"), "text/html; charset=x-nothing"],
  ["escapes of ISO-2022-JP without an end", bytes("<p>", [0x1b, 0x24, 0x42], "abc"), "text/html; charset=iso-2022-jp"],
  ["a replacement charset", bytes("<p>a"), "text/html; charset=hz-gb-2312"],
  ["NULs alone", new Uint8Array(200_000), "text/html"],
  ["noise called a page", noise, "text/html"],
  ["noise called text", noise, "text/plain"],
  ["noise called nothing", noise, null],
  ["nothing", new Uint8Array(0), "text/html"],
  ["a mark of the byte order alone", bytes([0xef, 0xbb, 0xbf]), "text/html"],
])("%s is decoded to something", (_, body, contentType) => {
  const { document, ms } = measure({ ...inputOf(body), contentType });

  expect(ms).toBeLessThan(BOUND_MS);
  expectSound(document);
});

test.each(oddities)("what parsers disagree about does not lose the text around it: %p", (oddity) => {
  const { markdown } = toDocument({ ...inputOf(`<p>before</p>${oddity}`), content: "page" });

  expect(markdown).toContain("before");
});

/** A page of ours that was cut, repeated, moved, damaged and filled with oddities, in any order. */
const damaged = fc
  .tuple(
    fc.constantFrom(article, documentation, forum, listing),
    fc.array(
      fc.record({
        kind: fc.constantFrom("cut", "drop", "repeat", "flip", "insert", "swap"),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.nat(400),
        oddity: fc.constantFrom(...oddities),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  )
  .map(([page, damages]) => damages.reduce((html, damage) => apply(html, damage), page));

test("damaged pages are documents too", () => {
  let slowestMs = 0;

  fc.assert(
    fc.property(damaged, fc.constantFrom("main", "page"), (html, content) => {
      const { document, ms } = measure({ ...inputOf(html), content, explain: true });
      slowestMs = Math.max(slowestMs, ms);
      expectSound(document);
    }),
    { seed: 12, numRuns: 150 },
  );

  expect(slowestMs).toBeLessThan(BOUND_MS);
});

type Damage = { kind: string; at: number; length: number; oddity: string };

function apply(html: string, { kind, at, length, oddity }: Damage): string {
  const start = Math.floor(at * html.length);
  const [before, part, after] = [html.slice(0, start), html.slice(start, start + length), html.slice(start + length)];
  switch (kind) {
    case "cut":
      return before;
    case "drop":
      return before + after;
    case "repeat":
      return before + part.repeat(3) + after;
    case "flip":
      return before + part.replace(/[<>/"'=]/g, (mark) => String.fromCharCode(mark.charCodeAt(0) ^ 4)) + after;
    case "swap":
      return after + part + before;
    default:
      return before + oddity + part + after;
  }
}

/** CPU and not wall time, which other processes on the machine stretch. */
function measure(input: DocumentInput): { document: Document; ms: number } {
  const before = process.cpuUsage();
  const document = toDocument(input);
  const { user, system } = process.cpuUsage(before);
  return { document, ms: (user + system) / 1_000 };
}

function expectSound({ markdown, title, description, links, headings, quality }: Document): void {
  expect([markdown, title ?? "", description ?? ""].every((text) => text.isWellFormed())).toBe(true);
  expect(links.every(({ url }) => URL.canParse(url))).toBe(true);
  expect(headings.every(({ level }) => level >= 1 && level <= 6)).toBe(true);
  for (const share of [quality.confidence, quality.textShare]) expect(share).toBeWithin(0, 1.000_001);
}
