import type { Measured } from "./measure.ts";
import { alignColumns } from "./table.ts";

export type Row = Measured & {
  /** Size of the database and the Markdown files in the end. */
  storedBytes?: number;
  /** CPU of the database server, which is not in `cpuSeconds`. */
  serverCpuSeconds?: number;
  isLeftOut?: boolean;
};

/** A table with a line per run, each set against the first. */
export function formatTable(rows: Row[]): string {
  const first = rows[0];
  const header = ["", "pages/s", "of (a)", "CPU s/1000", "× (a)", "server CPU", "peak MB", "written MB", "stored MB"];
  const lines = rows.map((row) => {
    if (row.isLeftOut || !first) return [row.name, ...header.slice(1).map(() => "–")];
    const rate = row.pages / row.seconds;
    const cost = costOf(row);
    return [
      row.name,
      rate.toFixed(0),
      `1/${(first.pages / first.seconds / rate).toFixed(1)}`,
      cost.toFixed(2),
      (cost / costOf(first)).toFixed(1),
      row.serverCpuSeconds === undefined ? "" : ((row.serverCpuSeconds / row.pages) * 1000).toFixed(2),
      megabytes(row.peakBytes),
      megabytes(row.writtenBytes),
      row.storedBytes === undefined ? "" : megabytes(row.storedBytes),
    ];
  });
  return alignColumns(header, lines);
}

function costOf(row: Row): number {
  return (row.cpuSeconds / row.pages) * 1000;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
