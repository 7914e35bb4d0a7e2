/** How much of a file, or of all, the tests run; both in lines. */
export type Coverage = { path: string; found: number; hit: number };

/** What must be reached: by all files together, and by each of them. Shares of lines. */
export type CoverageThreshold = { lines: number; file_lines: number };

/** Of a report of the format LCOV, one entry a file. */
export function readCoverage(lcov: string): Coverage[] {
  return lcov.split("end_of_record").flatMap((record) => {
    const [, path] = /^SF:(.+)$/m.exec(record) ?? [];
    const counts = [...record.matchAll(/^DA:\d+,(\d+)/gm)].map(([, count]) => Number(count));
    return path ? [{ path, found: counts.length, hit: counts.filter((count) => count > 0).length }] : [];
  });
}

/** Sentences about what falls short, none when all is well. */
export function findShortfalls(files: readonly Coverage[], threshold: CoverageThreshold): string[] {
  const short = files.filter((file) => shareOf(file) < threshold.file_lines);
  const total = sumOf(files);
  return [
    ...short.map((file) => `${describe(file)}, and ${percent(threshold.file_lines)} are asked of each file`),
    ...(shareOf(total) < threshold.lines
      ? [`${describe(total)}, and ${percent(threshold.lines)} are asked of all together`]
      : []),
  ];
}

export function sumOf(files: readonly Coverage[]): Coverage {
  const sum = (of: "found" | "hit") => files.reduce((total, file) => total + file[of], 0);
  return { path: `${files.length} files`, found: sum("found"), hit: sum("hit") };
}

export function describe(coverage: Coverage): string {
  return `${coverage.path}: the tests run ${percent(shareOf(coverage))} of ${coverage.found} lines`;
}

/** A file without a line that could be run is run in full. */
function shareOf({ found, hit }: Coverage): number {
  return found === 0 ? 1 : hit / found;
}

/** Rounded down, so that what falls short never looks like what was asked for. */
function percent(share: number): string {
  return `${Math.floor(share * 1_000) / 10} %`;
}
