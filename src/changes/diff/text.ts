import type { BlockChange, Diff } from "./diff.ts";
import { readShown, shownText, shownWords } from "./shown.ts";

/**
 * A diff as plain text for people to read: by section, with `+` for what is new, `-` for what is gone, `=` for what stands
 * elsewhere and `~` for what changed, where words are marked as wdiff does. Empty where nothing differs.
 */
export function toDiffText(diff: Diff): string {
  const { sections, more } = readShown(diff);
  const parts = sections.map(({ path, changes }) => `${path === "" ? "" : `${path}\n`}${changes.map(write).join("")}`);
  if (more > 0) parts.push(`… and ${more} more\n`);
  return parts.join("\n");
}

function write(change: BlockChange): string {
  switch (change.kind) {
    case "added":
      return entry("+", shownText(change.after.text));
    case "removed":
      return entry("-", shownText(change.before.text));
    case "moved":
      return entry("=", `moved: ${shownText(change.after.text)}`);
    case "changed": {
      const words = shownWords(change.words).map(({ kind, text }) => {
        if (kind === "same") return text;
        return kind === "added" ? `{+${text}+}` : `[-${text}-]`;
      });
      return entry("~", words.join(""));
    }
  }
}

function entry(mark: string, text: string): string {
  return `${mark} ${text.replaceAll("\n", "\n  ")}\n`;
}
