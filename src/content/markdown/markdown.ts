import type { Element } from "../dom.ts";
import { writeContainer } from "./elements.ts";
import { openPage } from "./page.ts";

export type MarkdownOptions = {
  /** Absolute; links resolve against it. `<base href>` is the caller's to apply. */
  baseUrl: string;
  /** Elements for which it is false are left out, with all that is in them. Default: everything stays. */
  keep?: (element: Element) => boolean;
};

/**
 * Writes what is below `root` as CommonMark with GitHub's extensions. The time is linear in the size of the tree. The
 * text ends in one line feed; it is empty when there is nothing to write.
 */
export function toMarkdown(root: Element, { baseUrl, keep = keepAll }: MarkdownOptions): string {
  const page = openPage(root, baseUrl, keep);
  writeContainer(page, root);
  return page.blocks.toString();
}

const keepAll = () => true;
