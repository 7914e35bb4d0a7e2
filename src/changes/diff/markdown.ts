import type { BlockChange, Diff } from "./diff.ts";
import { describeSummary, readShown, shownText } from "./shown.ts";

/**
 * A diff as Markdown for people and programs to read: a summary, then the changes under their headings, as code in the
 * language `diff`, which no text of a page can end. Empty where nothing differs.
 */
export function toDiffMarkdown(diff: Diff): string {
  const { sections, more } = readShown(diff);
  if (sections.length === 0) return "";
  const parts = sections.map(({ path, changes }) => {
    const lines = changes.map(write).join("\n");
    const fence = "`".repeat(Math.max(3, longestTicks(lines) + 1));
    return `${path === "" ? "" : `## ${escapeInline(path)}\n\n`}${fence}diff\n${lines}\n${fence}\n`;
  });
  const rest = more > 0 ? [`… and ${more} more\n`] : [];
  return [`${describeSummary(diff)}\n`, ...parts, ...rest].join("\n");
}

function write(change: BlockChange): string {
  switch (change.kind) {
    case "added":
      return prefix("+ ", change.after.text);
    case "removed":
      return prefix("- ", change.before.text);
    case "moved":
      return `@@ moved @@\n${prefix("  ", change.after.text)}`;
    case "changed":
      return `${prefix("- ", change.before.text)}\n${prefix("+ ", change.after.text)}`;
  }
}

function prefix(mark: string, text: string): string {
  return `${mark}${shownText(text).replaceAll("\n", `\n${mark}`)}`;
}

function longestTicks(text: string): number {
  let longest = 0;
  for (const run of text.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  return longest;
}

function escapeInline(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>#~&|!]/g, "\\$&");
}
