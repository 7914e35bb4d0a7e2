import { alignColumns } from "./table.ts";

/** One line of what is shown: a figure, the bare one that it stands against, and what it should be. */
export type Figure = {
  name: string;
  unit: "1/s" | "ms" | "s" | "MiB" | "B" | "";
  value: number;
  /** Of the bare server, or whatever else it is compared with; absent where there is nothing. */
  bare?: number;
  aim?: Aim;
};

/** Of the figure itself, or of the figure divided by the bare one. */
export type Aim = { of: "value" | "ratio"; atLeast?: number; atMost?: number };

/** The middle one, or the lower of the two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}

export function isReached({ value, bare, aim }: Figure): boolean | undefined {
  if (!aim) return undefined;
  const it = aim.of === "value" ? value : value / (bare ?? Number.NaN);
  return it >= (aim.atLeast ?? Number.NEGATIVE_INFINITY) && it <= (aim.atMost ?? Number.POSITIVE_INFINITY);
}

export function formatFigures(figures: readonly Figure[]): string {
  const header = ["", "", "Orbweaver", "bare", "ratio", "aim", ""];
  const lines = figures.map((figure) => {
    const { name, unit, value, bare, aim } = figure;
    const reached = isReached(figure);
    return [
      name,
      unit,
      round(value),
      bare === undefined ? "" : round(bare),
      bare === undefined ? "" : (value / bare).toFixed(2),
      describeAim(aim),
      reached === undefined ? "" : reached ? "reached" : "missed",
    ];
  });
  return alignColumns(header, lines, { texts: 2 });
}

function describeAim(aim: Aim | undefined): string {
  if (!aim) return "";
  const bound = aim.atLeast === undefined ? `≤ ${aim.atMost}` : `≥ ${aim.atLeast}`;
  return aim.of === "ratio" ? `${bound} of bare` : bound;
}

function round(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}
