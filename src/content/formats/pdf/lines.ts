import { textOfRuns } from "./line-text.ts";
import type { PageText, Run } from "./text-runs.ts";

/** Text without a wide gap in it: a line of a column, or a cell of a table's row. */
export type Segment = { runs: Run[]; left: number; right: number; y: number; size: number; length: number };

/** What stands on one height of a column, from left to right. */
export type Line = {
  segments: Segment[];
  left: number;
  right: number;
  y: number;
  size: number;
  page: number;
  text: string;
  /** Its end as it is drawn, leading dots and all. */
  ending: string;
};

const endingLength = 200;

/** Wider gaps within a line part columns or cells; in ems. Justified words stand closer, columns hardly ever do. */
const gapInEms = 0.9;
/** Lines of prose have more characters than most cells of a table. */
const minProseLength = 20;
const minColumnLines = 4;
const maxColumns = 4;

/** What stands on one height of a page, from left to right. */
export type Row = Segment[];

export function readRows({ runs }: PageText): Row[] {
  return toRows(runs).map(toSegments);
}

/** The lines of a page in the order in which they are read, columns one after the other. */
export function readLines(rows: Row[], page: number, width: number): Line[] {
  return order(rows, 0, width, maxColumns).map((segments) => toLine(withoutStretching(segments), page));
}

function toLine(segments: Segment[], page: number): Line {
  let longest = segments[0];
  let left = Number.POSITIVE_INFINITY;
  let right = 0;
  for (const segment of segments) {
    if (segment.length > (longest?.length ?? 0)) longest = segment;
    left = Math.min(left, segment.left);
    right = Math.max(right, segment.right);
  }
  const runs = segments.flatMap((segment) => segment.runs).slice(-endingLength);
  const ending = runs
    .map((run) => run.text)
    .join(" ")
    .slice(-endingLength);
  const text = segments.map((segment) => textOfRuns(segment.runs)).join(" ");
  return { segments, left, right, y: longest?.y ?? 0, size: longest?.size ?? 0, page, text, ending };
}

/** Wider spaces between words are never made to fill a line, or one of three words; in ems. */
const maxStretch = 3;
const maxStretchOfThree = 1.3;

/** The words of a line that is stretched to fill its column stand apart, and all by the same distance; cells do not. */
function withoutStretching(segments: Segment[]): Segment[] {
  const [first, ...others] = segments;
  if (!first || others.length < 2) return segments;
  const gaps = others.map(({ left }, at) => left - (segments[at]?.right ?? 0));
  const [least, most] = [Math.min(...gaps), Math.max(...gaps)];
  if (least < 0 || most > (gaps.length > 2 ? maxStretch : maxStretchOfThree) * first.size || most - least > 0.2 * most)
    return segments;
  const runs = segments.flatMap((segment) => segment.runs);
  const length = segments.reduce((sum, segment) => sum + segment.length, 0);
  return [{ ...first, runs, right: segments.at(-1)?.right ?? first.right, length }];
}

/** Runs whose baselines are the same, or nearly: sub- and superscripts belong to the line that they stand at. */
function toRows(runs: Run[]): Run[][] {
  const sorted = [...runs].sort((a, b) => a.y - b.y || a.x - b.x);
  const rows: Run[][] = [];
  let row: Run[] = [];
  let base: Run | undefined;
  for (const run of sorted) {
    const reach = base && 0.45 * Math.max(base.size, run.size);
    if (base && reach !== undefined && run.y - base.y <= reach) {
      row.push(run);
      if (run.size > base.size) base = run;
    } else {
      row = [run];
      base = run;
      rows.push(row);
    }
  }
  return rows;
}

function toSegments(row: Run[]): Segment[] {
  const runs = row.sort((a, b) => a.x - b.x);
  const segments: Segment[] = [];
  let segment: Segment | undefined;
  for (const run of runs) {
    const end = run.x + run.width;
    if (segment && run.x - segment.right <= gapInEms * Math.min(run.size, segment.size)) {
      // Bold is sometimes made by drawing twice.
      const last = segment.runs.at(-1);
      if (last && last.text === run.text && Math.abs(last.x - run.x) < 0.2 * run.size) continue;
      segment.runs.push(run);
      segment.right = Math.max(segment.right, end);
    } else {
      segment = { runs: [run], left: run.x, right: end, y: run.y, size: run.size, length: 0 };
      segments.push(segment);
    }
    segment.length += run.text.length;
  }
  for (const found of segments) {
    let longest = found.runs[0];
    for (const run of found.runs) if (run.text.length > (longest?.text.length ?? 0)) longest = run;
    found.size = longest?.size ?? found.size;
    found.y = longest?.y ?? found.y;
  }
  if (!isRightToLeft(runs)) return segments;
  for (const found of segments) found.runs.reverse();
  return segments.reverse();
}

function isRightToLeft(runs: Run[]): boolean {
  let length = 0;
  let turned = 0;
  for (const { text } of runs) {
    length += text.length;
    if (/[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(text)) turned += text.length;
  }
  return 2 * turned > length;
}

/** Splits at a gutter that hardly anything crosses; what crosses it parts what is above from what is below. */
function order(rows: Row[], left: number, right: number, columns: number): Row[] {
  const gutter = columns > 1 ? findGutter(rows, left, right) : undefined;
  if (gutter === undefined) return rows;
  const ordered: Row[] = [];
  let before: Row[] = [];
  let after: Row[] = [];
  const flush = () => {
    ordered.push(...order(before, left, gutter, columns - 1), ...order(after, gutter, right, columns - 1));
    before = [];
    after = [];
  };
  for (const row of rows) {
    if (row.some((segment) => segment.left < gutter - 1 && segment.right > gutter + 1)) {
      flush();
      ordered.push(row);
      continue;
    }
    const first = row.filter((segment) => segment.right <= gutter + 1);
    const second = row.filter((segment) => segment.right > gutter + 1);
    if (first.length > 0) before.push(first);
    if (second.length > 0) after.push(second);
  }
  flush();
  return ordered;
}

/** The x that the fewest segments cross, if columns of prose stand on both sides of it. */
function findGutter(rows: Row[], left: number, right: number): number | undefined {
  const segments = rows.flat();
  if (segments.length < 2 * minColumnLines) return undefined;
  const steps = 200;
  const step = (right - left) / steps;
  const crossings = new Int32Array(steps + 1);
  for (const segment of segments) {
    const from = Math.max(0, Math.ceil((segment.left - left) / step));
    const to = Math.min(steps, Math.floor((segment.right - left) / step));
    for (let at = from; at <= to; at++) crossings[at] = (crossings[at] ?? 0) + 1;
  }
  let best = -1;
  let fewest = Number.POSITIVE_INFINITY;
  let run = 0;
  for (let at = Math.round(steps * 0.2); at <= steps * 0.8; at++) {
    const count = crossings[at] ?? 0;
    run = count === fewest ? run + 1 : 0;
    // The middle of the widest would be best; the second step of the first is clear of its edge, which is enough.
    if (count < fewest) {
      fewest = count;
      best = at;
    } else if (run === 1) best = at;
  }
  if (best < 0) return undefined;
  const gutter = left + best * step;
  const before = lengthsOf(rows, (segment) => segment.right <= gutter);
  const after = lengthsOf(rows, (segment) => segment.left >= gutter);
  if (fewest > 0.3 * Math.min(before.length, after.length)) return undefined;
  return isProse(before) && isProse(after) ? gutter : undefined;
}

/** How much of each row's text lies on one side, for the rows that have any there. */
function lengthsOf(rows: Row[], isThere: (segment: Segment) => boolean): number[] {
  const lengths = rows.map((row) => row.reduce((sum, segment) => sum + (isThere(segment) ? segment.length : 0), 0));
  return lengths.filter((length) => length > 0);
}

function isProse(lengths: number[]): boolean {
  return (
    lengths.length >= minColumnLines &&
    lengths.reduce((sum, length) => sum + length, 0) >= minProseLength * lengths.length
  );
}
