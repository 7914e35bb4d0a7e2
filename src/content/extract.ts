import type { Decision, Quality } from "./document.ts";
import type { Element } from "./dom.ts";
import { isHidden } from "./hidden.ts";

/** What to turn into Markdown, and how that came about. */
export type Extraction = {
  root: Element;
  /** False for elements to leave out, with everything inside them. */
  keep: (element: Element) => boolean;
  quality: Quality;
  decisions?: Decision[];
  /** Some of the page was not looked at: it passes a bound. */
  isTruncated?: boolean;
};

/** The whole page, but for what is hidden from its readers. */
export function extractPage(root: Element): Extraction {
  const quality: Quality = { chosen: "page", rule: "whole-page", confidence: 1, textShare: 1 };
  return { root, keep: (element) => !isHidden(element), quality };
}
