import type { CorpusPage } from "../training/corpora.ts";
import {
  type Counts,
  countMatches,
  countSnippets,
  type Scores,
  type Scoring,
  scoreCounts,
  scorePages,
} from "../training/scoring.ts";
import type { Extraction } from "./extract-process.ts";

/** Pages that take longer than this are counted by themselves. */
export const SLOW_MS = 2_000;

/** One page by one contender. */
export type PageResult = Scores & {
  id: string;
  url: string;
  type: string;
  counts: Counts;
  cpuMs: number;
  failure?: string;
  /** Snippets found, of all that should be, and the same of those that should not. */
  with: [number, number];
  without: [number, number];
};

/** Shares are between 0 and 1, and not a number where there is nothing to share. */
export type SetFigures = Scores & {
  pages: number;
  macro: number;
  types: Record<string, number>;
  withFound: number;
  withoutAbsent: number;
  failures: number;
  pagesPerCpuSecond: number;
  medianMs: number;
  p99Ms: number;
  maxMs: number;
  slowPages: number;
};

export function judgePage(scoring: Scoring, page: CorpusPage, { text, cpuMs, failure }: Extraction): PageResult {
  const counts = countMatches(scoring, text, page.truth);
  return {
    id: page.id,
    url: page.url,
    type: page.type,
    ...scoreCounts(counts),
    counts,
    cpuMs,
    ...(failure === undefined ? {} : { failure }),
    with: [countSnippets(text, page.with), page.with.length],
    without: [countSnippets(text, page.without), page.without.length],
  };
}

export function summarise(scoring: Scoring, pages: readonly PageResult[]): SetFigures {
  const types = Object.groupBy(pages, ({ type }) => type);
  const byType = Object.entries(types).map(([type, of = []]) => [type, scoreOf(scoring, of).f1] as const);
  const times = pages.map(({ cpuMs }) => cpuMs).sort((a, b) => a - b);
  return {
    ...scoreOf(scoring, pages),
    pages: pages.length,
    macro: byType.reduce((sum, [, f1]) => sum + f1, 0) / byType.length,
    types: Object.fromEntries(byType.sort(([a], [b]) => (a < b ? -1 : 1))),
    withFound: share(pages.map((page) => page.with)),
    withoutAbsent: 1 - share(pages.map((page) => page.without)),
    failures: pages.filter(({ failure }) => failure !== undefined).length,
    pagesPerCpuSecond: pages.length / (times.reduce((sum, time) => sum + time, 0) / 1_000),
    medianMs: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    maxMs: times.at(-1) ?? Number.NaN,
    slowPages: times.filter((time) => time > SLOW_MS).length,
  };
}

function scoreOf(scoring: Scoring, pages: readonly PageResult[]): Scores {
  return scorePages(
    scoring,
    pages.map(({ counts }) => counts),
  );
}

function share(counts: readonly [number, number][]): number {
  return counts.reduce((sum, [found]) => sum + found, 0) / counts.reduce((sum, [, all]) => sum + all, 0);
}

/** The smallest time that so large a share of the pages stays within. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
