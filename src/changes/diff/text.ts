import type { Diff } from "./diff.ts";

/** A diff as plain text for people to read. */
export function toDiffText({ changes }: Diff): string {
  return changes
    .map((change) => {
      if (change.kind === "added") return `+ ${change.after.text}\n`;
      if (change.kind === "removed") return `- ${change.before.text}\n`;
      return `- ${change.before.text}\n+ ${change.after.text}\n`;
    })
    .join("");
}
