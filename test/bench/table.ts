/** Lines of cells under a header in columns: the first ones as text, the others as figures. */
export function alignColumns(header: readonly string[], lines: readonly string[][], { texts = 1 } = {}): string {
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]?.length ?? 0)));
  const align = (cell: string, i: number) => (i < texts ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0));
  return [header, ...lines].map((line) => line.map(align).join("  ").trimEnd()).join("\n");
}
