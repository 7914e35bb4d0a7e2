import type { Element } from "../dom.ts";
import { BlockWriter } from "./block-writer.ts";
import { InlineWriter } from "./inline-writer.ts";
import { type Landmarks, surveyLandmarks } from "./landmarks.ts";
import { type ResolveUrl, urlResolver } from "./urls.ts";

/** What the conversion of one page carries along. */
export type Page = {
  blocks: BlockWriter;
  inline: InlineWriter;
  resolve: ResolveUrl;
  keep: (element: Element) => boolean;
  hasImages: boolean;
  hasLinks: boolean;
  landmarks: Landmarks;
  /** Labels of tabs whose panels are still to come, the next one last. */
  tabs: string[];
  /** Abbreviations that were explained. */
  explained: Set<string>;
  /** The image written last, to tell a lazy one from its copy in `<noscript>`. */
  lastImage: string | undefined;
  /** How the paragraph being written becomes lines: headings put their marks before it. */
  headingMark: string;
};

export function openPage(
  root: Element,
  baseUrl: string,
  keep: (element: Element) => boolean,
  { images = true, links = true }: { images?: boolean | undefined; links?: boolean | undefined } = {},
): Page {
  return {
    blocks: new BlockWriter(),
    inline: new InlineWriter(),
    resolve: urlResolver(baseUrl),
    keep,
    hasImages: images,
    hasLinks: links,
    landmarks: surveyLandmarks(root, keep),
    tabs: [],
    explained: new Set(),
    lastImage: undefined,
    headingMark: "",
  };
}

/** Ends the paragraph being written. */
export function flush(page: Page): void {
  if (page.inline.isEmpty()) {
    page.inline.take();
    return;
  }
  const text = page.inline.take();
  if (page.headingMark !== "" && !page.blocks.isInCell) {
    // A closing run of number signs would be taken for decoration.
    page.blocks.write([`${page.headingMark} ${text.replace(/(^| )(#{1,99})$/, "$1\\$2")}`]);
  } else page.blocks.write(text.includes("\n") ? text.split("\n") : [text]);
}

/** Writes a block that is Markdown already. */
export function writeBlock(page: Page, lines: readonly string[]): void {
  flush(page);
  if (lines.length > 0) page.blocks.write(lines);
}
