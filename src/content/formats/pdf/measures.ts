import type { Line } from "./lines.ts";

/** What most of a document looks like, which headings are told apart by. */
export type Measures = {
  bodySize: number;
  bodyFont: string;
  /** Share of all characters that are set in a font. */
  fontShare: ReadonlyMap<string, number>;
  /** Fonts whose letters are all of one width, as code is set in; none if the body itself is. */
  monoFonts: ReadonlySet<string>;
  /** From baseline to baseline within paragraphs, in ems. */
  leading: number;
  /** Sizes of what may be headings, the largest first. */
  headingSizes: number[];
};

/** Larger text than the body's by less than this is no heading. */
export const headingRatio = 1.12;

export function measure(lines: readonly Line[]): Measures {
  const sizes = new Map<number, number>();
  const fonts = new Map<string, number>();
  const leadings = new Map<number, number>();
  let all = 0;
  let last: Line | undefined;
  for (const line of lines) {
    for (const { runs } of line.segments) {
      for (const { size, font, text } of runs) {
        add(sizes, roundSize(size), text.length);
        add(fonts, font, text.length);
        all += text.length;
      }
    }
    const gap = last && last.page === line.page && last.size === line.size ? (line.y - last.y) / line.size : 0;
    if (gap > 0.8 && gap < 3) add(leadings, Math.round(gap * 20) / 20, 1);
    last = line;
  }
  const bodySize = mostOf(sizes) ?? 10;
  const bodyFont = mostOf(fonts) ?? "";
  const monoFonts = findMonoFonts(lines);
  if (monoFonts.has(bodyFont)) monoFonts.clear();
  const fontShare = new Map([...fonts].map(([font, count]) => [font, count / Math.max(1, all)]));
  const larger = new Set<number>();
  for (const line of lines) {
    const size = roundSize(line.size);
    if (size >= headingRatio * bodySize && line.text.length <= 200) larger.add(size);
  }
  return {
    bodySize,
    bodyFont,
    fontShare,
    monoFonts,
    leading: mostOf(leadings) ?? 1.2,
    headingSizes: clusterSizes([...larger].sort((a, b) => b - a)),
  };
}

/** Runs too short to tell the width of a letter by. */
const minMeasured = 4;
const minMeasurements = 3;

/** By the fonts' own word, which many don't give, or by their widths. */
function findMonoFonts(lines: readonly Line[]): Set<string> {
  const widths = new Map<string, { least: number; most: number; count: number }>();
  const mono = new Set<string>();
  for (const { segments } of lines) {
    for (const { runs } of segments) {
      for (const { font, isMono, text, width, size } of runs) {
        if (isMono) mono.add(font);
        if (text.length < minMeasured) continue;
        const each = width / text.length / size;
        const known = widths.get(font) ?? { least: each, most: each, count: 0 };
        known.least = Math.min(known.least, each);
        known.most = Math.max(known.most, each);
        known.count++;
        widths.set(font, known);
      }
    }
  }
  for (const [font, { least, most, count }] of widths) {
    if (count >= minMeasurements && least > 0.3 && most - least < 0.02 * most) mono.add(font);
  }
  return mono;
}

export function roundSize(size: number): number {
  return Math.round(size * 4) / 4;
}

function clusterSizes(sizes: number[]): number[] {
  const kept: number[] = [];
  for (const size of sizes) {
    const last = kept.at(-1);
    if (last === undefined || size < 0.94 * last) kept.push(size);
  }
  return kept;
}

function add<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function mostOf<Key>(counts: ReadonlyMap<Key, number>): Key | undefined {
  let best: Key | undefined;
  let most = 0;
  for (const [key, count] of counts) {
    if (count > most) {
      best = key;
      most = count;
    }
  }
  return best;
}

/** The font that nearly all of a line is set in. */
export function fontOf(line: Line): string | undefined {
  const fonts = new Map<string, number>();
  let all = 0;
  for (const { runs } of line.segments) {
    for (const { font, text } of runs) {
      add(fonts, font, text.length);
      all += text.length;
    }
  }
  const font = mostOf(fonts);
  return font !== undefined && (fonts.get(font) ?? 0) >= 0.9 * all ? font : undefined;
}
