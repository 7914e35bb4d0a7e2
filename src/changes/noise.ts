import type { NoiseRules } from "./tracking.ts";

export type WithoutNoise = {
  text: string;
  /** Lines, or parts of them, that rules left out, in the order of the text. */
  removed: string[];
};

/** Leaves out of Markdown what is never a change, and what the rules say is none. */
export function removeNoise(markdown: string, _rules: NoiseRules): WithoutNoise {
  return { text: markdown.normalize("NFC"), removed: [] };
}
