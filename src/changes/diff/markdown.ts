import type { Diff } from "./diff.ts";
import { toDiffText } from "./text.ts";

/** A diff as Markdown for people to read. */
export function toDiffMarkdown(diff: Diff): string {
  return toDiffText(diff);
}
