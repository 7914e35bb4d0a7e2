import { expect, test } from "bun:test";
import { lines, readFile } from "./documents.ts";

const body = "# Silk\n\nText.\n";

test.each([
  [
    "YAML",
    "---\ntitle: 'Silk: a guide'\nauthor: {name: Ada}\ndate: 2024-05-01\ntags: [spiders, silk]\nlang: en_GB\n---\n\n",
  ],
  [
    "TOML",
    '+++\ntitle = "Silk: a guide"\nauthors = ["Ada"]\ndate = 2024-05-01\nlang = "en-GB"\n[taxonomies]\ntags = ["spiders", "silk"]\n+++\n',
  ],
  [
    "JSON",
    '{\n "title": "Silk: a guide", "author": "Ada", "date": "2024-05-01", "keywords": "spiders, silk", "lang": "en-GB"\n}\n\n',
  ],
])("front matter in %s is read and cut", async (_, head) => {
  const document = await readFile("silk.md", head + body, "text/markdown");

  expect(document).toMatchObject({
    kind: "markdown",
    title: "Silk: a guide",
    authors: ["Ada"],
    publishedAt: "2024-05-01",
    language: "en-GB",
    metadata: { tags: ["spiders", "silk"], licence: null },
    markdown: body,
  });
});

test("front matter that breaks YAML's rules is read by lines", async () => {
  const { title, markdown } = await readFile("a.md", `---\ntitle: Silk: a guide\nx: [\n---\n${body}`, "text/markdown");

  expect({ title, markdown }).toEqual({ title: "Silk: a guide", markdown: body });
});

test.each([
  ["a rule at the start", "---\n\nText between rules.\n\n---\n\nMore.\n"],
  ["a rule that nothing closes", "---\ntitle: x\n\nText.\n"],
  ["references that grow", `---\na: &a [x,x,x,x,x,x,x,x]\nb: [${"*a,".repeat(5)}\n\n---\ntext\n`],
])("%s is no front matter", async (_, text) => {
  expect((await readFile("a.md", text, "text/markdown")).markdown).toBe(text);
});

test("a manual for terminals has neither overstrikes nor colours", async () => {
  const manual = "N\bNA\bAM\bME\bE\n       _\bw_\be_\bb - \u001b[1mweave\u001b[0m \u001b]0;title\u001b\\nets\n";

  const document = await readFile("web.1", manual, "text/plain");

  expect(document).toMatchObject({ kind: "text", markdown: "NAME\n       web - weave nets\n" });
});

test("a memo loses its page breaks, with what is printed at them", async () => {
  const page = (n: number, text: string) =>
    `${text}\n\n\n\nWeaver        Informational         [Page ${n}]\n\f\nRFC 9999      Webs      May 2024\n\n\n`;
  const memo = `${page(1, "First page.")}${page(2, "Second page.")}Third page.\n`;

  const { markdown } = await readFile("rfc.txt", memo, "text/plain");

  expect(markdown).toBe(lines("First page.", "", "Second page.", "", "Third page."));
});
