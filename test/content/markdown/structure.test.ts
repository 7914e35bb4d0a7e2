import { expect, test } from "bun:test";
import fc from "fast-check";
import { attribute, type Element, parseHtml, textOf } from "../../../src/content/dom.ts";
import { toMarkdown } from "../../../src/content/markdown/markdown.ts";
import { type Block, pageArbitrary, writePage } from "./model-page.ts";

const baseUrl = "https://a.example/dir/page";

test("pages of every construct and generator read back with their structure, text and links", () => {
  fc.assert(
    fc.property(pageArbitrary, (blocks) => {
      const markdown = toMarkdown(parseHtml(writePage(blocks)).root, { baseUrl });

      const html = Bun.markdown.html(markdown, { tables: true, tasklists: true });

      expect(outlineOf(parseHtml(html).root)).toEqual(blocks.flatMap(expectedOf));
    }),
    { seed: 20_240_229, numRuns: 150 },
  );
});

type Outline = [string, ...unknown[]];

const squeezed = (text: string) => text.replace(/\s+/g, "");

function expectedOf(block: Block): Outline[] {
  switch (block.kind) {
    case "heading":
      return [[`h${block.level}`, squeezed(block.text)]];
    case "paragraph": {
      const text = squeezed(block.text);
      return block.link ? [["p", text + text, new URL(block.link, baseUrl).href]] : [["p", text]];
    }
    case "list":
      return [
        [block.start === undefined ? "ul" : `ol ${block.start}`, block.items.map((item) => item.flatMap(expectedOf))],
      ];
    case "tasks":
      return [["ul", block.items.map(({ isDone, text }) => [["p", (isDone ? "[x]" : "[]") + squeezed(text)]])]];
    case "quote":
      return [["blockquote", block.blocks.flatMap(expectedOf)]];
    case "code": {
      const lines = block.lines.join("\n").trimEnd();
      return [["pre", block.language, lines]];
    }
    case "table":
      return [["table", [block.head, ...block.rows].map((cells) => cells.map(squeezed))]];
    case "note": {
      const title = block.title === "" ? [] : [["p", squeezed(block.title)] as Outline];
      return [["blockquote", joinAlert(`[!${block.alert}]`, [...title, ...block.blocks.flatMap(expectedOf)])]];
    }
    case "details":
      return [["p", squeezed(block.summary)], ...block.blocks.flatMap(expectedOf)];
    case "terms":
      return [
        [
          "ul",
          block.entries.map(({ term, text }) => [
            ["p", `${squeezed(term)}${term.endsWith(":") ? "" : ":"}${squeezed(text)}`],
          ]),
        ],
      ];
    case "figure":
      return [
        ["p", "[img]"],
        ["p", squeezed(block.caption)],
      ];
    case "tabs":
      return block.panels.flatMap(({ label, text }): Outline[] => [
        ["p", squeezed(label) + (block.by === 4 ? "more" : "")],
        ["p", squeezed(text)],
      ]);
    case "formula":
      return [["p", `$$${squeezed(block.tex)}$$`]];
    case "rule":
      return [["hr"]];
  }
}

/** The line that names the kind of an alert is one paragraph with what follows, for renderers that know no alerts. */
function joinAlert(marker: string, outlines: Outline[]): Outline[] {
  const [first, ...rest] = outlines;
  if (first?.[0] === "p") return [["p", marker + first[1], ...first.slice(2)], ...rest];
  return [["p", marker], ...outlines];
}

const containers = new Set(["ul", "ol", "blockquote", "pre", "table", "p", "hr", "h1", "h2", "h3", "h4", "h5", "h6"]);

/** What a renderer made of Markdown, tight and loose lists alike. */
function outlineOf(element: Element): Outline[] {
  const outlines: Outline[] = [];
  let loose: Element | undefined;
  for (const child of element.children) {
    if (child.type === "element" && containers.has(child.name)) {
      if (loose) outlines.push(...paragraphOf(loose));
      loose = undefined;
      outlines.push(...outlineOfBlock(child));
    } else if (child.type === "element" && (child.name === "body" || child.name === "head")) {
      outlines.push(...outlineOf(child));
    } else {
      loose ??= { ...element, children: [] };
      loose.children.push(child);
    }
  }
  if (loose) outlines.push(...paragraphOf(loose));
  return outlines;
}

function outlineOfBlock(element: Element): Outline[] {
  const items = () =>
    element.children.flatMap((child) => (child.type === "element" && child.name === "li" ? [outlineOf(child)] : []));
  switch (element.name) {
    case "ul":
      return [["ul", items()]];
    case "ol":
      return [[`ol ${attribute(element, "start") ?? 1}`, items()]];
    case "blockquote":
      return [["blockquote", outlineOf(element)]];
    case "hr":
      return [["hr"]];
    case "pre": {
      const [code] = element.children;
      const names = code?.type === "element" ? (attribute(code, "class") ?? "") : "";
      return [["pre", names.replace("language-", ""), textOf(element).trimEnd()]];
    }
    case "table":
      return [["table", rowsOf(element)]];
    case "p":
      return paragraphOf(element);
  }
  return [[element.name, squeezed(shownOf(element).text)]];
}

function rowsOf(table: Element): string[][] {
  const rows: string[][] = [];
  const visit = (at: Element) => {
    for (const child of at.children) {
      if (child.type !== "element") continue;
      if (child.name === "tr") rows.push([]);
      if (child.name === "td" || child.name === "th") rows.at(-1)?.push(squeezed(textOf(child)));
      else visit(child);
    }
  };
  visit(table);
  return rows;
}

function paragraphOf(element: Element): Outline[] {
  const { text, links } = shownOf(element);
  return squeezed(text) === "" ? [] : [["p", squeezed(text), ...links]];
}

function shownOf(element: Element): { text: string; links: string[] } {
  let text = "";
  const links: string[] = [];
  const visit = (at: Element) => {
    for (const child of at.children) {
      if (child.type === "text") text += child.text;
      else if (child.name === "img") text += "[img]";
      else if (child.name === "input") text += attribute(child, "checked") === undefined ? "[ ]" : "[x]";
      else {
        if (child.name === "a") links.push(new URL(attribute(child, "href") ?? "", baseUrl).href);
        visit(child);
      }
    }
  };
  visit(element);
  return { text, links };
}
