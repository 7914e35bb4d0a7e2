import { readPieces } from "../content/markdown-pieces.ts";

/** A heading with what follows it, and the parts of the page under it. */
type Section = { heading: string; level: number; blocks: Block[]; sections: Section[] };
/** A paragraph, an item with what it holds, or the head of a table with its rows. */
type Block = { kind: "text" | "item" | "table" | "row"; indent: number; text: string; inner: Block[] };

const itemPattern = /^([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]/;
/** Numbers follow the order, which is what is given up. */
const numberPattern = /^([ \t]*)\d{1,9}[.)]/;
/** Blocks in blocks; what lies deeper belongs to the last of these. */
const MAX_DEPTH = 16;

/**
 * Puts what may come in any order into one: list items, table rows and paragraphs within their section, and sections
 * under theirs; and leaves out what is there a second time.
 */
export function putInOrder(markdown: string, rules: { sortLines: boolean; uniqueLines: boolean }): string {
  const root = readSections(markdown);
  if (rules.uniqueLines) leaveOutRepeated(root, new Set());
  if (rules.sortLines) sortSection(root);
  return writeSection(root);
}

function readSections(markdown: string): Section {
  const root: Section = { heading: "", level: 0, blocks: [], sections: [] };
  const open = [root];
  let within: Block[] = [];
  for (const { start, end, kind, level, bodyStart } of readPieces(markdown)) {
    const text = markdown.slice(start, end).trimEnd();
    if (text === "") continue;
    if (kind === "heading") {
      while (open.length > 1 && (open.at(-1)?.level ?? 0) >= level) open.pop();
      const section: Section = { heading: text, level, blocks: [], sections: [] };
      open.at(-1)?.sections.push(section);
      open.push(section);
      within = [];
      continue;
    }
    const block = kind === "table" ? readTable(text, bodyStart - start) : readBlock(text);
    while (within.length > 0 && (within.at(-1)?.indent ?? 0) >= block.indent) within.pop();
    const siblings = within.at(-1)?.inner ?? open.at(-1)?.blocks ?? root.blocks;
    siblings.push(block);
    if (block.kind === "item" && within.length < MAX_DEPTH) within.push(block);
  }
  return root;
}

function readBlock(text: string): Block {
  const item = itemPattern.exec(text);
  const indent = item?.[1]?.length ?? text.length - text.trimStart().length;
  return { kind: item ? "item" : "text", indent, text: text.replace(numberPattern, "$11."), inner: [] };
}

function readTable(text: string, bodyStart: number): Block {
  const rows = text.slice(bodyStart).split("\n");
  const inner = rows.flatMap((row): Block[] =>
    row.trim() === "" ? [] : [{ kind: "row", indent: 0, text: row, inner: [] }],
  );
  const indent = text.length - text.trimStart().length;
  return { kind: "table", indent, text: text.slice(0, bodyStart).trimEnd(), inner };
}

/** Paragraphs, items and tables anywhere on the page; what they hold, among its neighbours. */
function leaveOutRepeated(section: Section, seen: Set<string>): void {
  section.blocks = withoutRepeated(section.blocks, seen);
  for (const under of section.sections) leaveOutRepeated(under, seen);
  section.sections = section.sections.filter(({ heading, blocks, sections }) => {
    const isEmpty = blocks.length === 0 && sections.length === 0;
    if (isEmpty && seen.has(heading)) return false;
    seen.add(heading);
    return true;
  });
}

function withoutRepeated(blocks: readonly Block[], seen: Set<string>): Block[] {
  return blocks.filter((block) => {
    const key = writeBlock(block).trim();
    if (seen.has(key)) return false;
    seen.add(key);
    block.inner = withoutRepeated(block.inner, new Set());
    return true;
  });
}

function sortSection(section: Section): void {
  section.blocks = sortBlocks(section.blocks);
  for (const under of section.sections) sortSection(under);
  section.sections = sortBy(section.sections, writeSection);
}

function sortBlocks(blocks: readonly Block[]): Block[] {
  for (const block of blocks) block.inner = sortBlocks(block.inner);
  return sortBy(blocks, writeBlock);
}

function sortBy<Part>(parts: readonly Part[], write: (part: Part) => string): Part[] {
  return parts
    .map((part) => ({ part, key: write(part) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ part }) => part);
}

function writeSection({ heading, blocks, sections }: Section): string {
  return [heading, writeBlocks(blocks), ...sections.map(writeSection)].filter((part) => part !== "").join("\n\n");
}

function writeBlocks(blocks: readonly Block[]): string {
  return blocks
    .map((block, index) => {
      const isTight = block.kind === "row" || (block.kind === "item" && blocks[index - 1]?.kind === "item");
      return (index === 0 ? "" : isTight ? "\n" : "\n\n") + writeBlock(block);
    })
    .join("");
}

function writeBlock({ text, inner }: Block): string {
  if (inner.length === 0) return text;
  return text + (inner[0]?.kind === "text" ? "\n\n" : "\n") + writeBlocks(inner);
}
