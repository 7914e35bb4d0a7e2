import { describe, expect, test } from "bun:test";
import { toIsoDate } from "../../../src/content/metadata/date-value.ts";
import { jsonLd, prose, readPage } from "./read-page.ts";

describe("as a value", () => {
  test.each([
    ["2024-05-01", "2024-05-01"],
    ["2024-5-1", "2024-05-01"],
    ["2024-05-01T10:20:30Z", "2024-05-01T10:20:30Z"],
    ["2024-05-01 10:20", "2024-05-01T10:20:00"],
    ["2024-05-01T10:20:30.123456+0530", "2024-05-01T10:20:30+05:30"],
    ["2024-05-01 10:20:30 -07", "2024-05-01T10:20:30-07:00"],
    ["2024-05-01T10:20:30+99:00", "2024-05-01T10:20:30"],
    ["20240501", "2024-05-01"],
    ["2024/05/01", "2024-05-01"],
    ["01.05.2024", "2024-05-01"],
    ["May 1, 2024", "2024-05-01"],
    ["Wednesday, 1st May 2024", "2024-05-01"],
    ["Wed, 01 May 2024 10:00:00 GMT", "2024-05-01T10:00:00Z"],
    ["Wed May 01 2024 10:00:00 GMT+0200 (CEST)", "2024-05-01T10:00:00+02:00"],
    ["1714557600", "2024-05-01T10:00:00Z"],
    ["13/02/2024", "2024-02-13"],
    ["02/13/2024 3:05 PM", "2024-02-13T15:05:00"],
    ["2024-02-30", null],
    ["2024-13-01", null],
    ["99999-99-99", null],
    ["2024-05-01T99:99:99Z", "2024-05-01"],
    ["01/02/2024", null],
    ["0001-01-01", null],
    ["1970-01-01T00:00:00Z", null],
    ["-2024-05-01", null],
    ["yesterday", null],
    ["9".repeat(100_000), null],
    ["", null],
    [undefined, null],
  ])("%p is %p", (value, expected) => {
    expect(toIsoDate(value)).toBe(expected);
  });

  test("01/02/2024 is what the page's language makes of it", () => {
    const read = (language: string) => toIsoDate("01/02/2024", language);

    expect([read("en-US"), read("en-GB"), read("fr"), read("en")]).toEqual([
      "2024-01-02",
      "2024-02-01",
      "2024-02-01",
      null,
    ]);
  });
});

describe("as the page shows it", () => {
  const below = (line: string, lang = "en") =>
    readPage(`<html lang="${lang}"><main><h1>Webs</h1><p>${line}</p><p>${prose}</p></main>`);

  test.each([
    ["May 1, 2024", "en"],
    ["By Ada Lovelace | Posted on the 1st of May, 2024 | 5 min read", "en"],
    ["1. Mai 2024", "de"],
    ["1 de mayo de 2024", "es"],
    ["1er mai 2024", "fr"],
    ["1 мая 2024 г.", "ru"],
    ["2024. május 1.", "hu"],
    ["2024 m. gegužės 1 d.", "lt"],
    ["1 Mayıs 2024", "tr"],
    ["1 tháng 5, 2024", "vi"],
    ["1 במאי 2024", "he"],
    ["1 مايو 2024", "ar"],
    ["1 मई 2024", "hi"],
    ["2024年5月1日", "ja"],
    ["2024년 5월 1일", "ko"],
    ["01.05.2024", "de"],
    ["2024.05.01", "zh"],
    ["01/05/2024", "fr"],
  ])("%p is read in %s", (line, lang) => {
    expect(below(line, lang).publishedAt).toBe("2024-05-01");
  });

  test.each([
    "Version 2024.05.01.3 is out",
    "© 2024-05-01 The Post",
    "The event starts on May 1, 2024",
    "On May 1, 2024 the garden was full of webs that nobody had seen there before, and each of them hung across a path.",
    "Call 555-01-05-2024",
    "May 32, 2024",
  ])("%p dates nothing", (line) => {
    expect(below(line)).toMatchObject({ publishedAt: null, modifiedAt: null });
  });

  test("what was published and what was changed are kept apart", () => {
    expect(below("Published May 1, 2024 | Updated: 3 June 2024")).toMatchObject({
      publishedAt: "2024-05-01",
      modifiedAt: "2024-06-03",
    });
    expect(below("Zuletzt aktualisiert am 3. Juni 2024", "de")).toMatchObject({
      publishedAt: null,
      modifiedAt: "2024-06-03",
    });
    expect(below("Last updated</p><p>Jun 3, 2024")).toMatchObject({ publishedAt: null, modifiedAt: "2024-06-03" });
  });

  test("a time element is exact where its text is not", () => {
    const line = below('Posted <time datetime="2024-05-01T10:00:00+02:00">two days ago</time>');

    expect(line.publishedAt).toBe("2024-05-01T10:00:00+02:00");
  });

  test("the footer tells when the page was changed", () => {
    const page = `<h1>Webs</h1><p>${prose}</p><footer><p>This page was last edited on 3 June 2024, at 10:00.</p></footer>`;

    expect(readPage(page)).toMatchObject({ publishedAt: null, modifiedAt: "2024-06-03" });
  });

  test("dates of a list are not the page's", () => {
    const list = Array.from({ length: 9 }, (_, at) => `<li><a href="/${at}">Web ${at}</a> <p>May ${at + 1}, 2024</p>`);

    expect(readPage(`<h1>Webs</h1><ul>${list.join("")}</ul>`).publishedAt).toBeNull();
  });
});

test("declarations come before what is shown, and both before the URL", () => {
  const url = "https://a.example/2024/04/30/webs";
  const shown = "<h1>Webs</h1><p>May 1, 2024</p>";
  const declared = jsonLd({ "@type": "Article", datePublished: "2024-05-02" });

  expect(readPage("<h1>Webs</h1>", { url }).publishedAt).toBe("2024-04-30");
  expect(readPage(shown, { url }).publishedAt).toBe("2024-05-01");
  expect(readPage(shown + declared, { url }).publishedAt).toBe("2024-05-02");
  expect(readPage("", { url: "https://a.example/2024/99/30/webs" }).publishedAt).toBeNull();
});

test("one time on a page is its date, several are not", () => {
  expect(readPage('<time datetime="2024-05-01">May</time>').publishedAt).toBe("2024-05-01");
  expect(readPage('<p>Last updated: <time datetime="2024-05-01">May</time>')).toMatchObject({
    publishedAt: null,
    modifiedAt: "2024-05-01",
  });
  expect(readPage('<time datetime="2024-05-01"></time><time datetime="2024-05-02"></time>').publishedAt).toBeNull();
});
