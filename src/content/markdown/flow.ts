import { isBlock } from "../nesting.ts";

/** Also blocks: elements that break a line although the parser does not need to know it. */
const more = new Set(["hr", "turbo-frame", "main", "tr", "td", "th", "tbody"]);

export function isBlockName(name: string): boolean {
  return isBlock(name) || more.has(name);
}
