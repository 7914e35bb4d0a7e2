import { joinPieces, type Piece, piecesOfRuns } from "./line-text.ts";
import type { Line } from "./lines.ts";
import { isMarker } from "./markers.ts";
import type { Run } from "./text-runs.ts";

export type Table = { rows: Piece[][][]; end: number };

const maxColumns = 30;
const maxRows = 500;
/** From one row's baseline to the next, in ems. */
const maxRowGap = 4;
const maxMeanCell = 60;

type Column = { left: number; right: number };

/** The table that begins at a line, if the parts of its lines stand below each other; `end` is the line after it. */
export function findTable(lines: readonly Line[], start: number): Table | undefined {
  const end = findEnd(lines, start);
  const rows = lines.slice(start, end);
  const parted = rows.filter(({ segments }) => segments.length > 1);
  const columns = findColumns(parted);
  if (columns.length < 2 || columns.length > maxColumns || parted.length < (columns.length === 2 ? 3 : 2))
    return undefined;
  let length = 0;
  let cells = 0;
  for (const { segments } of parted) {
    // Two parts in one column: the columns are none.
    const found = segments.map(({ left, right }) => columnOf({ x: left, width: right - left }, columns));
    if (new Set(found).size < segments.length) return undefined;
    for (const segment of segments) {
      length += segment.length;
      cells++;
    }
  }
  if (length / cells > maxMeanCell) return undefined;
  return { rows: toRows(rows, columns), end };
}

/** Lines of several parts, and between them those of one part that go on in a cell. */
function findEnd(lines: readonly Line[], start: number): number {
  let end = start;
  let last: Line | undefined;
  for (let at = start; at < lines.length && at - start < maxRows; at++) {
    const line = lines[at];
    if (!line) break;
    if (last && (line.page !== last.page || line.y <= last.y || line.y - last.y > maxRowGap * last.size)) break;
    const [first] = line.segments;
    if (first && isMarker(first)) break;
    if (line.segments.length > 1) end = at + 1;
    else if (!last || at - end > 1 || Math.abs(line.size - last.size) > 1) break;
    last = line;
  }
  return end;
}

/** From the lines with the most parts: heads that span columns, and gaps, have fewer. */
function findColumns(rows: readonly Line[]): Column[] {
  const counts = rows.map(({ segments }) => segments.length).sort((a, b) => a - b);
  const usual = counts[Math.floor(counts.length / 2)] ?? 0;
  const parts = rows.filter(({ segments }) => segments.length >= usual).flatMap(({ segments }) => segments);
  const columns: Column[] = [];
  for (const { left, right } of parts.sort((a, b) => a.left - b.left)) {
    const last = columns.at(-1);
    if (last && left < last.right) last.right = Math.max(last.right, right);
    else columns.push({ left, right });
  }
  return columns;
}

/** A cell may stand so near to the next that both look like one; the runs that they are drawn by do not. */
function columnOf({ x, width }: Pick<Run, "x" | "width">, columns: readonly Column[]): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  columns.forEach((column, at) => {
    const overlap = Math.min(x + width, column.right) - Math.max(x, column.left);
    if (overlap > most) {
      most = overlap;
      best = at;
    }
  });
  return best;
}

function toRows(lines: readonly Line[], columns: readonly Column[]): Piece[][][] {
  const rows: Piece[][][] = [];
  let previous: Line | undefined;
  for (const line of lines) {
    const cells = columns.map((): Run[] => []);
    for (const { runs } of line.segments) for (const run of runs) cells[columnOf(run, columns)]?.push(run);
    const last = rows.at(-1);
    const isContinued = previous && line.y - previous.y < 1.6 * line.size;
    // A line in one cell alone goes on with what stands above it.
    const row =
      last && isContinued && cells.filter((runs) => runs.length > 0).length === 1 ? last : columns.map(() => []);
    if (row !== last) rows.push(row);
    cells.forEach((runs, at) => {
      const cell = row[at];
      if (cell) joinPieces(cell, piecesOfRuns(runs), " ");
    });
    previous = line;
  }
  return rows;
}
