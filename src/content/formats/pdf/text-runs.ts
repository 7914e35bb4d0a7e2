import type { PDFPageProxy } from "unpdf/pdfjs";
import { resolveUrl } from "../../links.ts";

/** Text in one font on one line, where it stands on the page: x to the right, y down to the baseline, in points. */
export type Run = {
  text: string;
  x: number;
  y: number;
  width: number;
  size: number;
  font: string;
  isMono: boolean;
  url?: string;
};

export type PageText = { runs: Run[]; height: number; width: number; language: string | null; isTruncated: boolean };

const maxRuns = 20_000;
const maxRunLength = 5000;
const maxAnnotations = 500;

type Matrix = readonly number[];
type Area = { left: number; right: number; top: number; bottom: number; url: string };

/** The text of a page in the order in which it is drawn. Text at an angle to most of the page is left out. */
export async function readPageText(page: PDFPageProxy, url: string): Promise<PageText> {
  const { transform, width, height } = page.getViewport({ scale: 1 });
  const upright: Run[] = [];
  const turned: Run[] = [];
  let language: string | null = null;
  let uprightLength = 0;
  let turnedLength = 0;
  let isTruncated = false;
  const reader = page.streamTextContent({ includeMarkedContent: false }).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    language ??= value.lang ?? null;
    for (const item of value.items) {
      if (!("str" in item) || item.str.trim() === "") continue;
      const [a, b, c, d, x, y] = multiply(transform, item.transform);
      const size = Math.hypot(c, d);
      if (!(size > 0.5) || !Number.isFinite(x + y + item.width)) continue;
      const text = item.str.slice(0, maxRunLength);
      const isMono = value.styles[item.fontName]?.fontFamily === "monospace";
      const shared = { text, width: item.width, size, font: item.fontName, isMono };
      if (Math.abs(b) < 0.1 * size && a > 0) {
        upright.push({ ...shared, x, y });
        uprightLength += text.length;
      } else if (Math.abs(a) < 0.1 * size) {
        // Read with the head tilted to the left, or to the right.
        turned.push(b < 0 ? { ...shared, x: height - y, y: x } : { ...shared, x: y, y: width - x });
        turnedLength += text.length;
      }
    }
    if (upright.length + turned.length > maxRuns) {
      isTruncated = true;
      // Without a reason that is an error the library would go on, and fall over the closed stream.
      await reader.cancel(new Error("Enough has been read"));
      break;
    }
  }
  if (turnedLength > 2 * uprightLength) return { runs: turned, width: height, height: width, language, isTruncated };
  const areas = upright.length > 0 ? await readLinkAreas(page, transform, url) : [];
  const runs = areas.length > 0 ? upright.flatMap((run) => splitByAreas(run, areas)) : upright;
  return { runs, width, height, language, isTruncated };
}

function multiply([a = 1, b = 0, c = 0, d = 1, e = 0, f = 0]: Matrix, other: Matrix) {
  const [g = 1, h = 0, i = 0, j = 1, k = 0, l = 0] = other;
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f] as const;
}

async function readLinkAreas(page: PDFPageProxy, transform: Matrix, url: string): Promise<Area[]> {
  const annotations: { subtype?: string; url?: string; rect?: number[] }[] = await page.getAnnotations();
  const areas: Area[] = [];
  for (const { subtype, url: href, rect } of annotations.slice(0, maxAnnotations)) {
    const target = subtype === "Link" && href ? resolveUrl(href, url) : undefined;
    if (!target || !rect) continue;
    const [, , , , x1, y1] = multiply(transform, [1, 0, 0, 1, rect[0] ?? 0, rect[1] ?? 0]);
    const [, , , , x2, y2] = multiply(transform, [1, 0, 0, 1, rect[2] ?? 0, rect[3] ?? 0]);
    const [left, right, top, bottom] = [Math.min(x1, x2), Math.max(x1, x2), Math.min(y1, y2), Math.max(y1, y2)];
    areas.push({ left, right, top, bottom, url: target });
  }
  return areas;
}

/** A link covers a part of a run, whose letters are taken to be of the same width; its ends are moved to those of words. */
function splitByAreas(run: Run, areas: Area[]): Run[] {
  const middle = run.y - 0.3 * run.size;
  const area = areas.find(
    ({ left, right, top, bottom }) =>
      middle > top && middle < bottom && Math.min(right, run.x + run.width) - Math.max(left, run.x) > 0.4 * run.size,
  );
  if (!area) return [run];
  const { text } = run;
  const perCharacter = run.width / Math.max(1, text.length);
  const start = toWordEdge(text, Math.round((area.left - run.x) / perCharacter));
  const end = toWordEdge(text, Math.round((area.right - run.x) / perCharacter));
  if (end <= start) return [run];
  const piece = (from: number, to: number) => ({
    ...run,
    text: text.slice(from, to),
    x: run.x + from * perCharacter,
    width: (to - from) * perCharacter,
  });
  const parts = [piece(0, start), { ...piece(start, end), url: area.url }, piece(end, text.length)];
  return parts.filter((part) => part.text.trim() !== "");
}

function toWordEdge(text: string, at: number): number {
  if (at <= 1) return 0;
  if (at >= text.length - 1) return text.length;
  for (let distance = 0; distance <= 4; distance++) {
    if (text[at - distance] === " ") return at - distance + 1;
    if (text[at + distance] === " ") return at + distance + 1;
  }
  return at;
}
