import { expect, test } from "bun:test";
import { lines, readFile } from "./documents.ts";

test("CSV is a table, its quotes undone and its pipes and line breaks escaped", async () => {
  const csv = '\ufeffName,Note\r\n"Ada, L.","says ""hi"" | bye"\r\nBob,"two\nlines"\r\n\r\n';

  const document = await readFile("people.csv", csv, "text/csv");

  expect(document).toMatchObject({ kind: "csv", contentType: "text/csv", isTruncated: false });
  expect(document.markdown).toBe(
    lines("| Name | Note |", "| --- | --- |", '| Ada, L. | says "hi" \\| bye |', "| Bob | two<br>lines |"),
  );
});

test.each([
  ["semicolons", "text/csv", "a;b\nc;d\n"],
  ["tabs", "text/tab-separated-values", "a\tb\nc\td\n"],
  ["pipes", "text/csv", "a|b\nc|d\n"],
])("cells parted by %s are told apart", async (_, contentType, csv) => {
  const { markdown } = await readFile("table", csv, contentType);

  expect(markdown).toBe(lines("| a | b |", "| --- | --- |", "| c | d |"));
});

test("a first row of figures is no head", async () => {
  const { markdown } = await readFile("figures.csv", "1,2\n3,4\n", "text/plain");

  expect(markdown).toBe(lines("|  |  |", "| --- | --- |", "| 1 | 2 |", "| 3 | 4 |"));
});

test("of a table that is too long or too wide the beginning is kept, and that is said", async () => {
  const long = await readFile("long.csv", "n,square\n".concat("7,49\n".repeat(20_000)), "text/csv");
  const wide = await readFile("wide.csv", `${"a,".repeat(1000)}a\n`, "text/csv");

  expect(long.isTruncated).toBe(true);
  expect(long.markdown.split("\n").length).toBe(10_002);
  expect(wide.isTruncated).toBe(true);
  expect(wide.markdown.split("\n")[0]?.split("|").length).toBe(202);
});

test.each([
  ["quotes", '"'.repeat(300_000)],
  ["quoted letters", '"a"b'.repeat(100_000)],
  ["quotes and spaces", '" '.repeat(150_000)],
  ["delimiters", ",;\t|".repeat(100_000)],
])("%s without end are read in bounded time", async (_, csv) => {
  const start = performance.now();

  await readFile("hostile.csv", csv, "text/csv");

  expect(performance.now() - start).toBeLessThan(5_000);
});
