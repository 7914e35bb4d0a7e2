import type { PageType } from "../document.ts";
import type { Element } from "../dom.ts";
import type { Block } from "../main/blocks.ts";
import type { Survey } from "../survey.ts";
import { markItems, settleItems } from "./items.ts";
import { findItems } from "./listing.ts";
import { markThread, settlePosts, withBylines } from "./posts.ts";
import { findThread } from "./thread.ts";

/** What a page's type asks of its main content, once blocks have been judged. */
export type Treatment = {
  /** What decided besides the blocks' own looks; `null` for nothing. */
  rule: "thread" | "items" | null;
  /** Completes the tree of what is kept. */
  complete: (kept: Element) => Element;
};

export const NO_TREATMENT: Treatment = { rule: null, complete: (kept) => kept };

/** A type less sure than this asks for nothing. */
const LEAST_CONFIDENCE = 0.5;

/**
 * Settles which blocks to keep by what the page is for: a forum's posts all of them and with their authors, and what a
 * listing lists. Changes `isKept`.
 */
export function treatByType(
  { type, confidence }: { type: PageType; confidence: number },
  survey: Survey,
  blocks: readonly Block[],
  probabilities: Float64Array,
  isKept: Uint8Array,
): Treatment {
  if (confidence < LEAST_CONFIDENCE) return NO_TREATMENT;
  if (type === "forum") {
    const thread = findThread(survey.root, survey);
    if (!thread) return NO_TREATMENT;
    settlePosts(blocks, markThread(thread, survey.elements), isKept);
    return { rule: "thread", complete: (kept) => withBylines(kept, thread) };
  }
  if (type === "listing" || type === "collection") {
    const list = findItems(survey.root, survey);
    if (!list) return NO_TREATMENT;
    settleItems(type, blocks, markItems(list, survey.elements), probabilities, isKept);
    return { rule: "items", complete: (kept) => kept };
  }
  return NO_TREATMENT;
}
