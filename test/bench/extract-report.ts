import { type PageResult, type SetFigures, SLOW_MS } from "./extract-figures.ts";
import { type Aim, type Figure, formatFigures } from "./figures.ts";
import { alignColumns } from "./table.ts";

export type SetReport = { name: string; contenders: Record<string, SetFigures>; naive?: SetFigures };

export function formatSet({ name, contenders, naive }: SetReport): string {
  const entries = Object.entries(contenders);
  const pages = entries[0]?.[1].pages ?? 0;
  const isTyped = entries.some(([, figures]) => Object.keys(figures.types).length > 1);
  const header = ["", "F1", "precision", "recall", "macro", "with", "without", "failed", "pages/s"];
  const lines = entries.map(([contender, of]) => [
    contender,
    ...[of.f1, of.precision, of.recall, of.macro, of.withFound, of.withoutAbsent].map(formatShare),
    String(of.failures),
    of.pagesPerCpuSecond.toFixed(1),
    ...[of.medianMs, of.p99Ms, of.maxMs].map((ms) => ms.toFixed(1)),
    String(of.slowPages),
  ]);
  const times = ["median ms", "p99 ms", "max ms", `> ${SLOW_MS / 1_000} s`];
  const types = Object.keys(entries[0]?.[1].types ?? {});
  return [
    `${name}: ${pages} pages`,
    alignColumns([...header, ...times], lines),
    ...(isTyped
      ? [
          alignColumns(
            ["F1 by type", ...types],
            entries.map(([contender, of]) => [contender, ...types.map((type) => formatShare(of.types[type]))]),
          ),
        ]
      : []),
    ...(naive ? [formatNaive(naive, contenders.orbweaver)] : []),
  ].join("\n\n");
}

/** What a scorer sees who has no Markdown renderer. */
function formatNaive(naive: SetFigures, ours: SetFigures | undefined): string {
  const difference = naive.f1 - (ours?.f1 ?? Number.NaN);
  return `Our Markdown with its marks removed by patterns: F1 ${formatShare(naive.f1)} (${difference < 0 ? "" : "+"}${difference.toFixed(4)})`;
}

/** What we aim at, beside the one of the others that has the best F1 in the same run. */
export function formatAims(sets: readonly SetReport[]): string {
  return formatFigures(
    sets.flatMap(({ name, contenders: { orbweaver, ...others } }) => {
      if (!orbweaver) return [];
      const best = Object.values(others).sort((a, b) => b.f1 - a.f1)[0];
      const isArticles = name === "articles";
      const line = (what: string, of: keyof SetFigures, aim: Omit<Aim, "of">, unit: Figure["unit"], times = 1) => ({
        name: `${name}: ${what}`,
        unit,
        value: Number(orbweaver[of]) * times,
        ...(best ? { bare: Number(best[of]) * times } : {}),
        aim: { of: "value" as const, ...aim },
      });
      return [
        line("F1, in hundredths", "f1", { atLeast: isArticles ? 96.5 : 87.5 }, "", 100),
        ...(isArticles ? [] : [line("macro F1, in hundredths", "macro", { atLeast: 82 }, "", 100)]),
        line("pages per CPU second", "pagesPerCpuSecond", { atLeast: isArticles ? 150 : 120 }, "1/s"),
        line("p99", "p99Ms", { atMost: 25 }, "ms"),
        line("slowest", "maxMs", { atMost: SLOW_MS }, "ms"),
        line("failures", "failures", { atMost: 0 }, ""),
      ];
    }),
  );
}

export function formatWorst(name: string, results: readonly PageResult[], count: number): string {
  const worst = [...results].sort((a, b) => a.f1 - b.f1).slice(0, count);
  const lines = worst.map(({ id, type, f1, precision, recall }) => [
    id.slice(0, 12),
    type,
    ...[f1, precision, recall].map(formatShare),
  ]);
  const table = alignColumns(["page", "type", "F1", "precision", "recall"], lines, { texts: 2 }).split("\n");
  const withUrls = table.map((line, at) => {
    const page = worst[at - 1];
    return page ? `${line}  ${page.failure ?? page.url}` : line;
  });
  return `${name}: the lowest F1\n\n${withUrls.join("\n")}`;
}

function formatShare(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "" : value.toFixed(4);
}
