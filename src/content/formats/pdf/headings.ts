import { isSetApart, type TextBlock } from "./blocks.ts";
import { headingRatio, type Measures, roundSize } from "./measures.ts";

/** The bookmarks of a document, by what they say, with how deep they lie. */
export type Outline = ReadonlyMap<string, number>;

const maxLength = 200;
const maxLines = 4;

/** Titles are compared without their numbers, their case and their punctuation. */
export function outlineKey(title: string): string {
  return title
    .slice(0, maxLength)
    .toLowerCase()
    .replace(/^[^\p{L}]{0,20}/u, "")
    .replace(/[^\p{L}\p{N}]+/gu, "");
}

/** Levels of headings, told by the bookmarks, by their size, and by their font; `undefined` for other text. */
export function headingLevels(
  blocks: readonly TextBlock[],
  measures: Measures,
  outline: Outline,
): (number | undefined)[] {
  const largest = measures.headingSizes[0] ?? Number.POSITIVE_INFINITY;
  const title = blocks.find((block) => sizeOf(block) >= largest);
  const hasTitle = title?.lines[0]?.page === 0 && !outline.has(outlineKey(textOf(title)));
  return blocks.map((block, at) => {
    const text = textOf(block).trim();
    if (block.isContents || text.length > maxLength || block.lines.length > maxLines || !/\p{L}/u.test(text))
      return undefined;
    const marked = outline.get(outlineKey(text));
    if (marked !== undefined && outlineKey(text).length > 1) return Math.min(6, marked + (hasTitle ? 2 : 1));
    const bySize = levelBySize(sizeOf(block), measures);
    if (bySize !== undefined) return outline.size > 0 && block !== title ? Math.max(2, bySize) : bySize;
    return isHeadingByFont(block, text, blocks[at + 1], measures)
      ? Math.min(5, measures.headingSizes.length + 2)
      : undefined;
  });
}

function levelBySize(size: number, { bodySize, headingSizes }: Measures): number | undefined {
  if (size < headingRatio * bodySize) return undefined;
  const at = headingSizes.findIndex((known) => size >= 0.94 * known);
  return at < 0 ? undefined : Math.min(5, at + 1);
}

/** One short line in another font, above text in the body's. */
function isHeadingByFont(block: TextBlock, text: string, next: TextBlock | undefined, measures: Measures): boolean {
  const [line] = block.lines;
  if (!line || block.lines.length > 1 || text.length > 90 || sizeOf(block) < 0.98 * measures.bodySize) return false;
  if (line.segments.length > 1 || !isSetApart(line, measures) || /[.,;:]$/.test(text)) return false;
  if (!/^(?:\d{1,3}(?:\.\d{1,3}){0,4}\.?\s{1,5})?[\p{Lu}\p{Lo}]/u.test(text)) return false;
  const below = next?.lines[0];
  return below !== undefined && (below.page !== line.page || below.y > line.y) && !isSetApart(below, measures);
}

function sizeOf({ lines }: TextBlock): number {
  return roundSize(lines[0]?.size ?? 0);
}

function textOf({ pieces }: TextBlock): string {
  return pieces.map(({ text }) => text).join("");
}
