import { textOfRuns } from "./line-text.ts";
import type { Row, Segment } from "./lines.ts";

export type PageRows = { rows: Row[]; width: number; height: number };

/** Rows looked at from the top and from the bottom of a page. */
const maxEdgeRows = 3;
/** Share of a page's height in which heads and feet stand. */
const edgeShare = 0.12;
/** Points by which the same line may stand higher or lower. */
const places = 6;

const pageNumber = /^(?:\p{L}{1,12}\.? )?[-–—| ]{0,3}#(?: ?(?:\/|of|von|de|sur|di) ?#)?[-–—| ]{0,3}$/u;

/** Leaves out what is printed at the head or the foot of one page after another, and page numbers. */
export function withoutRunningLines(pages: readonly PageRows[]): PageRows[] {
  const edges = pages.map(findEdges);
  const seen = new Map<string, number>();
  for (const texts of edges) {
    for (const key of new Set([...texts].flatMap(([{ y }, text]) => keysOf(y, text)))) {
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }
  const enough = pages.length <= 4 ? 2 : 3;
  return pages.map((page, at) => {
    const texts = edges[at];
    const isRunning = (segment: Segment) => {
      const text = texts?.get(segment);
      if (text === undefined) return false;
      const count = Math.max(...keysOf(segment.y, text).map((key) => seen.get(key) ?? 0));
      return count >= (pageNumber.test(text) ? 2 : enough);
    };
    // What stands beside a page number is a chapter's name, though the chapter may have this one page.
    return { ...page, rows: page.rows.filter((row) => !row.some(isRunning)) };
  });
}

/** What the parts of the rows nearest to the edges say, whatever the numbers in it. */
function findEdges({ rows, height }: PageRows): Map<Segment, string> {
  const isNearTop = (row: Row) => (row[0]?.y ?? 0) < edgeShare * height;
  const isNearBottom = (row: Row) => (row[0]?.y ?? 0) > (1 - edgeShare) * height;
  const found = [...rows.slice(0, maxEdgeRows).filter(isNearTop), ...rows.slice(-maxEdgeRows).filter(isNearBottom)];
  return new Map(
    found.flat().map((segment) => {
      const text = textOfRuns(segment.runs).trim().slice(0, 200);
      return [segment, text.replace(/\d{1,10}/g, "#").replace(/^[ivxlc]{1,7}$/, "#")];
    }),
  );
}

/** Two, since the same place may be rounded up on one page and down on the next. */
function keysOf(y: number, text: string): string[] {
  return [`${Math.floor(y / places)} ${text}`, `${Math.ceil(y / places)} ${text}`];
}
