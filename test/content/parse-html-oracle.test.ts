import { expect, test } from "bun:test";
import fc from "fast-check";
import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { attribute, type Element, parseHtml } from "../../src/content/dom.ts";

/** What a reader gets of a page: its text without white space, its links with theirs, and the cells of each row. */
type Reading = { text: string; links: string[]; rows: string[] };

const seeded = { seed: 5, numRuns: 300 };
const word = fc.stringMatching(/^[a-z]{1,3}$/).map((letters) => ` ${letters}`);
const tags = (names: string, kinds = ["<", "</"]) =>
  fc.tuple(fc.constantFrom(...kinds), fc.constantFrom(...names.split(" "))).map(([kind, name]) => `${kind}${name}>`);
const soup = (names: string) =>
  fc.array(fc.oneof(word, tags(names)), { maxLength: 14 }).map((pieces) => pieces.join(""));

const flow =
  "p div b i em span ul ol li dl dt dd h2 h3 pre blockquote section article figure figcaption br hr img form button " +
  "select option details summary label input textarea code small strong noscript nav main";

test("tag soup has the text of a browser's tree, in its order", () => {
  fc.assert(
    fc.property(soup(flow), (html) => {
      expect(readOurs(html).text).toBe(readOracle(html).text);
    }),
    seeded,
  );
});

test("links hold the text that they do in a browser, and those that a paragraph cuts off are not lost", () => {
  const inside = fc.array(
    fc.oneof(
      word,
      word.map((text) => `<b>${text}</b>`),
      fc.constant("<br>"),
    ),
    { maxLength: 4 },
  );
  const link = fc.tuple(inside, fc.boolean(), fc.nat(9));
  const piece = fc.oneof(
    soup("p div ul li h2 blockquote section pre"),
    link.map(([text, isClosed, to]) => `<p><a href="/${to}">${text.join("")}${isClosed ? "</a>" : ""}</p>`),
  );

  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      const [ours, oracle] = [readOurs(pieces.join("")), readOracle(pieces.join(""))];
      expect(ours.text).toBe(oracle.text);
      expect(new Set(ours.links.map(urlOf))).toEqual(new Set(oracle.links.map(urlOf)));
      // In a browser a link without an end tag goes on behind its paragraph, which nobody meant.
      if (pieces.every((one) => !one.includes("<a") || one.includes("</a>"))) expect(ours.links).toEqual(oracle.links);
    }),
    seeded,
  );
});

test("tables whose end tags and rows are left out have the rows of a browser's", () => {
  const cell = fc
    .tuple(fc.constantFrom("td", "th"), soup("p b ul li br div"), fc.boolean())
    .map(([name, text, isClosed]) => `<${name}>${text}${isClosed ? `</${name}>` : ""}`);
  const row = fc
    .tuple(fc.boolean(), fc.array(cell, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([isOpened, cells, isClosed]) => `${isOpened ? "<tr>" : ""}${cells.join("")}${isClosed ? "</tr>" : ""}`);
  const section = fc
    .tuple(fc.constantFrom("", "<thead>", "<tbody>"), fc.array(row, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([start, rows, isClosed]) => `${start}${rows.join("")}${isClosed && start ? `</${start.slice(1)}` : ""}`);

  fc.assert(
    fc.property(fc.array(section, { minLength: 1, maxLength: 3 }), (sections) => {
      const html = `<table>${sections.join("")}</table>`;
      const [ours, oracle] = [readOurs(html), readOracle(html)];
      expect(ours.rows).toEqual(oracle.rows);
      expect(ours.text).toBe(oracle.text);
    }),
    seeded,
  );
});

const urlOf = (link: string) => link.split(" ", 1)[0];

function readOurs(html: string): Reading {
  const reading: Reading = { text: "", links: [], rows: [] };
  readBelow(parseHtml(`<body>${html}`).root, reading);
  return reading;
}

function readBelow(element: Element, reading: Reading): void {
  for (const child of element.children) {
    if (child.type === "text") reading.text += child.text.replace(/\s+/g, "");
    else
      note(reading, child.name, attribute(child, "href"), child.children.flatMap(nameOf), () =>
        readBelow(child, reading),
      );
  }
}

function readOracle(html: string): Reading {
  const reading: Reading = { text: "", links: [], rows: [] };
  readOracleBelow(parse(`<body>${html}`, { scriptingEnabled: false }), reading);
  return reading;
}

function readOracleBelow(node: DefaultTreeAdapterTypes.ParentNode, reading: Reading): void {
  for (const child of node.childNodes) {
    if ("value" in child) reading.text += child.value.replace(/\s+/g, "");
    else if ("tagName" in child) {
      const href = child.attrs.find(({ name }) => name === "href")?.value;
      const names = child.childNodes.flatMap((one) => ("tagName" in one ? [one.tagName] : []));
      note(reading, child.tagName, href, names, () => readOracleBelow(child, reading));
    }
  }
}

/** Links and rows in the order in which they begin. */
function note(
  reading: Reading,
  name: string,
  href: string | undefined,
  children: string[],
  readInside: () => void,
): void {
  const link = name === "a" && href !== undefined ? reading.links.push("") - 1 : -1;
  if (name === "tr") reading.rows.push(children.join(" "));
  const before = reading.text.length;
  readInside();
  if (link >= 0) reading.links[link] = `${href} ${reading.text.slice(before)}`;
}

function nameOf(node: Element["children"][number]): string[] {
  return node.type === "element" ? [node.name] : [];
}
