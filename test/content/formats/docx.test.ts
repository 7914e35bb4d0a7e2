import { expect, test } from "bun:test";
import { lines, readFile } from "./documents.ts";
import { writeDocx, writeZip } from "./zip-writer.ts";

const text = (content: string, style = "") =>
  `<w:p><w:pPr>${style && `<w:pStyle w:val="${style}"/>`}</w:pPr><w:r><w:t>${content}</w:t></w:r></w:p>`;
const cell = (content: string, properties = "") =>
  `<w:tc><w:p><w:r><w:rPr>${properties}</w:rPr><w:t>${content}</w:t></w:r></w:p></w:tc>`;

test("a Word file has its headings, emphasis, links and tables, and says who wrote it when", async () => {
  const bold = "<w:b/>";
  const body = [
    text("On webs", "Title"),
    text("Silk", "Heading1"),
    `<w:p><w:r><w:t xml:space="preserve">It </w:t></w:r><w:r><w:rPr>${bold}</w:rPr><w:t>holds</w:t></w:r>`,
    '<w:hyperlink r:id="link1"><w:r><w:t xml:space="preserve"> well</w:t></w:r></w:hyperlink></w:p>',
    `<w:tbl><w:tr>${cell("Kind", bold)}${cell("Width", bold)}</w:tr><w:tr>${cell("a | b")}${cell("2")}</w:tr></w:tbl>`,
  ].join("");
  const core =
    "<dc:title>Webs and silk</dc:title><dc:creator>Ada; Bob</dc:creator><cp:keywords>spiders, silk</cp:keywords><dcterms:created>2024-05-01T10:00:00Z</dcterms:created>";

  const document = await readFile("webs.docx", writeDocx(body, { core, links: ["https://a.example/well"] }));

  expect(document).toMatchObject({
    kind: "docx",
    title: "Webs and silk",
    authors: ["Ada", "Bob"],
    language: "en-GB",
    metadata: { tags: ["spiders", "silk"] },
    links: [{ url: "https://a.example/well" }],
    headings: [
      { level: 1, text: "On webs" },
      { level: 1, text: "Silk" },
    ],
  });
  expect(document.publishedAt).toStartWith("2024-05-01T10:00:00");
  expect(document.markdown).toBe(
    lines(
      "# On webs",
      "",
      "# Silk",
      "",
      "It **holds** [well](https://a.example/well)",
      "",
      "| Kind | Width |",
      "| --- | --- |",
      "| a \\| b | 2 |",
    ),
  );
});

const zeros = new Uint8Array(20_000_000);

test.each([
  [
    "declares more than may be unpacked",
    () => writeDocx("", { parts: [{ name: "word/footnotes.xml", bytes: zeros }] }),
  ],
  [
    "unpacks to more than it declares",
    () => writeDocx("", { parts: [{ name: "word/footnotes.xml", bytes: zeros, declaredBytes: 1000 }] }),
  ],
  ["is encrypted", () => writeDocx("", { parts: [{ name: "word/footnotes.xml", bytes: "x", isEncrypted: true }] })],
  ["is cut off", () => writeDocx(text("x")).slice(0, -30)],
  [
    "has no text",
    () =>
      writeZip([
        { name: "[Content_Types].xml", bytes: "" },
        { name: "word/document", bytes: "" },
      ]),
  ],
])("an archive that %s is refused", async (_, make) => {
  const before = process.memoryUsage.rss();
  const body = make();

  const reading = readFile("bad.docx", body, "application/vnd.openxmlformats-officedocument.wordprocessingml.document");

  expect(
    await reading.then(
      ({ kind, markdown }) => `${kind} ${markdown}`,
      (error: Error) => error.constructor.name,
    ),
  ).toMatch(/^(?:Error|other )$/);
  expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
});

test("entities that a Word file declares are not expanded", async () => {
  const entities = Array.from({ length: 20 }, (_, at) => `<!ENTITY e${at + 1} "${`&e${at};`.repeat(10)}">`).join("");
  const xml = `<!DOCTYPE x [<!ENTITY e0 "ha">${entities}]><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${text("&e20;")}</w:body></w:document>`;
  const body = writeDocx("", { parts: [{ name: "word/document.xml", bytes: xml }] });

  const markdown = await readFile("bomb.docx", body).then(
    (document) => document.markdown,
    () => "",
  );

  expect(markdown).not.toContain("haha");
});
