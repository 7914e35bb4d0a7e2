import { expect, test } from "bun:test";
import { deflateSync } from "node:zlib";
import { lines, readFile } from "./documents.ts";
import { type Placed, setLines, writePdf } from "./pdf-writer.ts";

const read = (...[shape]: Parameters<typeof writePdf>) => readFile("paper.pdf", writePdf(shape), "application/pdf");

/** Lines that fill a column, so that sizes, fonts and distances have something to be compared with. */
const prose = (x: number, top: number, topic: string) =>
  setLines(
    [
      `The ${topic} is told of here at some length, and in`,
      "lines that are broken where the column ends and",
      "that go on in the next, for a reader who likes a",
      "good long para-",
      "graph that is put together again from what is left.",
    ],
    x,
    top,
  );
const joined = (topic: string) =>
  `The ${topic} is told of here at some length, and in lines that are broken where the column ends and that go on in the next, for a reader who likes a good long paragraph that is put together again from what is left.`;

test("headings come from sizes, paragraphs from lines, and cut words are made whole", async () => {
  const document = await read({
    info: { Title: "Of webs", Author: "Ada; Bob", CreationDate: "D:20240501120000+02'00'", Keywords: "silk" },
    language: "en-GB",
    pages: [
      [
        { text: "Of webs", x: 50, y: 740, size: 20 },
        { text: "Silk", x: 50, y: 700, size: 14 },
        ...prose(50, 670, "silk"),
        ...prose(50, 590, "web"),
      ],
    ],
  });

  expect(document).toMatchObject({
    kind: "pdf",
    contentType: "application/pdf",
    charset: null,
    title: "Of webs",
    authors: ["Ada", "Bob"],
    language: "en-GB",
    metadata: { tags: ["silk"] },
    isTruncated: false,
  });
  expect(document.publishedAt).toStartWith("2024-05-01T1");
  expect(document.markdown).toBe(lines("# Of webs", "", "## Silk", "", joined("silk"), "", joined("web")));
});

test("columns are read one after the other, and what stands across them parts them", async () => {
  const { markdown } = await read({
    pages: [
      [
        ...prose(50, 700, "first"),
        ...prose(320, 700, "second"),
        {
          text: "A line that goes across the whole of the page, from the one side of it to the other side",
          x: 50,
          y: 600,
        },
        ...prose(50, 560, "third"),
        ...prose(320, 560, "fourth"),
      ],
    ],
  });

  expect(markdown.match(/The \w+ is|A line/g)).toEqual([
    "The first is",
    "The second is",
    "A line",
    "The third is",
    "The fourth is",
  ]);
});

test("lines whose words are spread to fill a narrow column are lines all the same", async () => {
  const spread = (text: string, x: number, y: number) =>
    text.split(" ").map((word, at) => ({ text: word, x: x + 45 * at, y }));
  const column = (x: number, topic: string) => [
    ...spread(`${topic}s told about lightly`, x, 712),
    ...prose(x, 700, topic),
    ...spread("gently spread words often", x, 640),
  ];

  const { markdown } = await read({ pages: [[...column(50, "thread"), ...column(320, "spiral")]] });

  expect(markdown).not.toContain("|");
  expect(markdown.match(/threads told|The thread is|gently|spirals told|The spiral is/g)).toEqual([
    "threads told",
    "The thread is",
    "gently",
    "spirals told",
    "The spiral is",
    "gently",
  ]);
});

test("heads, feet and page numbers are left out, and a sentence goes on over the page", async () => {
  const page = (number: number, texts: Placed[]): Placed[] => [
    { text: "Journal of Webs", x: 50, y: 780 },
    ...texts,
    { text: `Page ${number} of 3`, x: 280, y: 20 },
  ];
  const { markdown } = await read({
    pages: [
      page(1, [...prose(50, 700, "start"), { text: "This sentence begins on one page and goes", x: 50, y: 600 }]),
      page(2, [{ text: "on over on the next.", x: 50, y: 700 }, ...prose(50, 660, "middle")]),
      page(3, prose(50, 700, "end")),
    ],
  });

  expect(markdown).toBe(
    lines(
      joined("start"),
      "",
      "This sentence begins on one page and goes on over on the next.",
      "",
      joined("middle"),
      "",
      joined("end"),
    ),
  );
});

test("lists, code, tables and links are told by how they stand", async () => {
  const row = (y: number, ...cells: string[]) => cells.map((text, at) => ({ text, x: 50 + at * 150, y }));
  const { markdown, links } = await read({
    pages: [
      [
        ...prose(50, 740, "list"),
        ...setLines(["• one thing", "• another thing, that is", "   longer"], 50, 660),
        ...prose(50, 600, "table"),
        ...row(510, "Kind", "Width", "Height"),
        ...row(495, "orb", "12", "1,400"),
        ...row(480, "sheet", "3", "20"),
        ...prose(50, 440, "code"),
        ...setLines(["if (web) {", "  weave(web);", "}"], 50, 360, { font: "code" }),
        { text: "See the guide", x: 50, y: 300, url: "https://a.example/guide" },
      ],
    ],
  });

  expect(markdown).toContain(lines("- one thing", "- another thing, that is longer"));
  expect(markdown).toContain(
    lines("| Kind | Width | Height |", "| --- | --- | --- |", "| orb | 12 | 1,400 |", "| sheet | 3 | 20 |"),
  );
  expect(markdown).toContain(lines("```", "if (web) {", "  weave(web);", "}", "```"));
  expect(markdown).toEndWith(lines("[See the guide](https://a.example/guide)"));
  expect(links).toEqual([{ url: "https://a.example/guide", text: "See the guide" }]);
});

test("bookmarks and a font of their own make headings of the body's size", async () => {
  const { headings } = await read({
    outline: ["Silk"],
    pages: [
      [
        { text: "1 Silk", x: 50, y: 740 },
        ...prose(50, 710, "silk"),
        { text: "Of threads", x: 50, y: 620, font: "bold" },
        ...prose(50, 600, "thread"),
      ],
    ],
  });

  expect(headings).toEqual([
    { level: 1, text: "1 Silk" },
    { level: 2, text: "Of threads" },
  ]);
});

test("a file without text says that it has none", async () => {
  const document = await read({ pages: [[], []] });

  expect(document).toMatchObject({ markdown: "", quality: { rule: "no-text-layer", textShare: 0 } });
});

test("of a file with too many pages the first are read, and that is said", async () => {
  const pages = Array.from({ length: 510 }, (_, at) => [{ text: `Thread ${at + 1}.`, x: 50, y: 400 }]);

  const { isTruncated, markdown } = await read({ pages });

  expect(isTruncated).toBe(true);
  expect(markdown).toContain("Thread 500.");
  expect(markdown).not.toContain("Thread 501.");
});

const key = `/Encrypt << /Filter /Standard /V 1 /R 2 /O (${"a".repeat(32)}) /U (${"b".repeat(32)}) /P -4 >> /ID [<00> <00>]`;
const manySpaces = deflateSync(Buffer.alloc(70_000_000, " "), { level: 1 });

test.each<[string, () => Uint8Array<ArrayBuffer>, RegExp]>([
  ["opens with a password", () => writePdf({ pages: [[]], trailer: key }), /opens with a password only/],
  ["is nothing but its first line", () => new Uint8Array(Buffer.from("%PDF-1.7\n")), /is damaged/],
  [
    "unpacks to far more than it is",
    () => writePdf({ pages: [[]], content: { filter: "/FlateDecode", bytes: manySpaces } }),
    /unpacks to more than may be read/,
  ],
  [
    "unpacks twice to far more than it is",
    () =>
      writePdf({
        pages: [[]],
        content: { filter: "[/FlateDecode /FlateDecode]", bytes: deflateSync(manySpaces) },
      }),
    /unpacks to more than may be read/,
  ],
])("a file that %s fails with the reason", async (_, make, reason) => {
  const arrays = globalThis.Uint8Array;

  const reading = readFile("bad.pdf", make(), "application/pdf");

  expect(reading).rejects.toThrow(reason);
  await reading.catch(() => {});
  expect(globalThis.Uint8Array).toBe(arrays);
});
