import type { Element } from "../dom.ts";
import { writeContainer } from "./elements.ts";
import { openPage } from "./page.ts";
import { forgetNames } from "./traits.ts";

export type MarkdownOptions = {
  /** Absolute; links resolve against it. `<base href>` is the caller's to apply. */
  baseUrl: string;
  /** Elements for which it is false are left out, with all that is in them. Default: everything stays. */
  keep?: (element: Element) => boolean;
  /** False leaves images out. */
  images?: boolean | undefined;
  /** False leaves the text of links without their URLs, and players out. */
  links?: boolean | undefined;
};

/**
 * Writes what is below `root` as CommonMark with GitHub's extensions. The time is linear in the size of the tree. The
 * text ends in one line feed; it is empty when there is nothing to write.
 */
export function toMarkdown(root: Element, { baseUrl, keep = keepAll, ...parts }: MarkdownOptions): string {
  forgetNames();
  const page = openPage(root, baseUrl, keep, parts);
  writeContainer(page, root);
  return page.blocks.toString();
}

const keepAll = () => true;
