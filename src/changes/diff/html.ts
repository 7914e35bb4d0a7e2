import type { BlockChange, Diff, WordPart } from "./diff.ts";
import { describeSummary, readShown, type ShownSection, shownText, shownWords } from "./shown.ts";

export type DiffLayout = "inline" | "side_by_side";

type Side = "before" | "after";

// Written at each element, since e-mail programs drop style sheets. Whether it is light or dark is for the page around to
// say: text has that page's colour, and others are see-through. They are never the only sign: what came is underlined,
// what went is struck out.
const styles = {
  root: "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;line-height:1.5",
  text: "white-space:pre-wrap;overflow-wrap:anywhere;margin:0",
  added: "border-left:4px solid #2da44e;padding:2px 10px;margin:6px 0",
  removed: "border-left:4px solid #cf222e;padding:2px 10px;margin:6px 0",
  changed: "border-left:4px solid #bf8700;padding:2px 10px;margin:6px 0",
  moved: "border-left:4px solid #8c959f;padding:2px 10px;margin:6px 0",
  label: "font-size:12px;opacity:.75;margin:0",
  ins: "background-color:rgba(46,160,67,.25);text-decoration:underline",
  del: "background-color:rgba(248,81,73,.25);text-decoration:line-through",
  table: "border-collapse:collapse;table-layout:fixed;width:100%",
  head: "text-align:left;padding:4px 8px;border-bottom:2px solid #8c959f",
  cell: "vertical-align:top;padding:4px 8px;border-bottom:1px solid rgba(140,149,159,.4);overflow-wrap:anywhere",
};

const labels: Record<BlockChange["kind"], string> = {
  added: "Added",
  removed: "Removed",
  changed: "Changed",
  moved: "Moved",
};

/**
 * A diff as a fragment of HTML that needs nothing else, for a page or an e-mail. Text of the page is escaped, and never
 * HTML again: marks of Markdown show as they are.
 */
export function toDiffHtml(diff: Diff, view: DiffLayout, title: string): string {
  const { sections, more } = readShown(diff);
  const summary = describeSummary(diff) || "Nothing changed";
  const body = view === "inline" ? sections.map(writeSection).join("") : writeTable(sections);
  const rest = more > 0 ? `<p>… and ${more} more</p>\n` : "";
  const heading = `<h2 dir="auto" style="margin:0 0 4px">${escapeText(shownText(title))}</h2>\n`;
  return `<section style="${styles.root}">\n${heading}<p style="margin:0 0 12px">${summary}</p>\n${body}${rest}</section>\n`;
}

const escapeText = (text: string) => Bun.escapeHTML(text);

function writeSection({ path, changes }: ShownSection): string {
  const heading = path === "" ? "" : `<h3 dir="auto" style="margin:16px 0 4px">${escapeText(path)}</h3>\n`;
  return heading + changes.map(writeChange).join("");
}

function writeChange(change: BlockChange): string {
  const text = `<p dir="auto" style="${styles.text}">${contentOf(change)}</p>`;
  return `<div style="${styles[change.kind]}"><p style="${styles.label}">${labels[change.kind]}</p>${text}</div>\n`;
}

function contentOf(change: BlockChange): string {
  if (change.kind === "changed") return shownWords(change.words).map(writePart).join("");
  if (change.kind === "removed") return writePart({ kind: "removed", text: shownText(change.before.text) });
  const kind = change.kind === "added" ? "added" : "same";
  return writePart({ kind, text: shownText(change.after.text) });
}

function writePart({ kind, text }: WordPart): string {
  if (kind === "same") return escapeText(text);
  const name = kind === "added" ? "ins" : "del";
  return `<${name} style="${styles[name]}">${escapeText(text)}</${name}>`;
}

function writeTable(sections: readonly ShownSection[]): string {
  if (sections.length === 0) return "";
  const head = ["", "Before", "After"].map((name, at) => {
    const width = at === 0 ? ";width:5.5em" : "";
    return at === 0
      ? `<td style="${styles.head}${width}"></td>`
      : `<th scope="col" style="${styles.head}">${name}</th>`;
  });
  const bodies = sections.map(({ path, changes }) => {
    const heading =
      path === ""
        ? ""
        : `<tr><th scope="rowgroup" colspan="3" dir="auto" style="${styles.head}">${escapeText(path)}</th></tr>\n`;
    return `<tbody>\n${heading}${changes.map(writeRow).join("")}</tbody>\n`;
  });
  return `<table style="${styles.table}">\n<thead><tr>${head.join("")}</tr></thead>\n${bodies.join("")}</table>\n`;
}

function writeRow(change: BlockChange): string {
  const cells = (["before", "after"] as const).map((side) => {
    return `<td dir="auto" style="${styles.cell};white-space:pre-wrap">${sideOf(change, side)}</td>`;
  });
  const label = `<th scope="row" style="${styles.cell};${styles.label};text-align:left">${labels[change.kind]}</th>`;
  return `<tr>${label}${cells.join("")}</tr>\n`;
}

function sideOf(change: BlockChange, side: Side): string {
  if (change.kind === "changed") {
    const other = side === "before" ? "added" : "removed";
    return shownWords(change.words)
      .filter(({ kind }) => kind !== other)
      .map(writePart)
      .join("");
  }
  if (change.kind === "moved") return escapeText(shownText(change[side].text));
  const isHere = change.kind === (side === "before" ? "removed" : "added");
  return isHere ? contentOf(change) : "";
}
