import type { Decision, Document } from "../content/document.ts";

const TEXT_WIDTH = 48;
const SELECTOR_WIDTH = 40;
const MAX_ROWS = 500;

/** Why a document is as it is, for people: its type, how its text was chosen, and what became of each part. */
export function explainDocument({ pageType, quality, wordCount, decisions = [] }: Document): string {
  const lines = [
    `type       ${pageType ? `${pageType.type} (${percent(pageType.confidence)} sure)` : "not told"}`,
    `chosen     ${quality.chosen}, by ${quality.rule} (${percent(quality.confidence)} sure)`,
    `text       ${percent(quality.textShare)} of what is visible, ${wordCount.toLocaleString("en")} words`,
    "",
  ];
  if (decisions.length === 0) return `${lines.join("\n")}Nothing was told apart.\n`;
  const shown = decisions.slice(0, MAX_ROWS).map(toRow);
  const rows = [["", "characters", "sure", "rule", "selector", "text"], ...shown];
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  const write = (row: string[]) =>
    row.map((cell, at) => (isNumber(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join("  ");
  const rest = decisions.length - shown.length;
  if (rest > 0) rows.push(["", "", "", "", "", `and ${rest.toLocaleString("en")} more`]);
  return `${[...lines, ...rows.map((row) => write(row).trimEnd())].join("\n")}\n`;
}

const isNumber = (column: number) => column === 1 || column === 2;

function toRow({ isKept, characters, confidence, rule, selector, text }: Decision): string[] {
  return [
    isKept ? "kept" : "left out",
    characters.toLocaleString("en"),
    percent(confidence),
    rule,
    // The end of a path says more than its beginning.
    selector.length > SELECTOR_WIDTH ? `…${selector.slice(1 - SELECTOR_WIDTH)}` : selector,
    printable(text.length > TEXT_WIDTH ? `${text.slice(0, TEXT_WIDTH - 1)}…` : text),
  ];
}

/** A page must not write to the terminal what the terminal obeys. */
const printable = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, "").toWellFormed();

const percent = (share: number) => `${Math.round(share * 100)}%`;
