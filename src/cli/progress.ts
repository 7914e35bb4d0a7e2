import type { CrawlProgress } from "../crawl/session.ts";
import { formatBytes, formatDuration } from "./quantity.ts";

/** How progress is shown: one line drawn over again, a line now and then, JSON for programs, or not at all. */
export type ProgressForm = "line" | "lines" | "json" | "none";

export type Progress = {
  update(progress: CrawlProgress): void;
  /** Shows something that is no page, such as files being written. */
  say(text: string): void;
  /** Writes a whole line, above the one that is drawn over again. */
  note(line: string): void;
  /** Clears the line; nothing is drawn afterwards. */
  stop(): void;
};

export type ProgressView = {
  done: number;
  queued: number;
  failed: number;
  bytes: number;
  pagesPerSecond: number;
  host: string;
  elapsedMs: number;
};

type Output = { write: (text: string) => void; columns: () => number };

const EVERY_MS = { line: 125, lines: 5_000, json: 1_000 };

/** The pages per second shown are those of the last seconds. */
const RATE_SPAN_MS = 5_000;

const CLEAR_LINE = "\r\u001b[2K";

export function createProgress(form: ProgressForm, output: Output, now = () => performance.now()): Progress {
  /** When the crawl showed its first sign; opening a database may take seconds before. */
  let startedAt: number | undefined;
  const rate = createRate(now);
  let latest: CrawlProgress | undefined;
  let text: string | undefined;
  let host = "";
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isDrawn = false;

  const clear = () => {
    if (isDrawn) output.write(CLEAR_LINE);
    isDrawn = false;
  };

  const draw = () => {
    if (form === "none" || !(latest || text)) return;
    drawnAt = now();
    const view = latest && toView(latest, host, rate.perSecond(), now() - (startedAt ?? now()));
    if (form === "json") {
      if (latest && view && text === undefined) output.write(`${JSON.stringify(toEvent(latest, view))}\n`);
      return;
    }
    const line = text ?? (view ? formatProgress(view) : "");
    if (form === "lines") return output.write(`${line}\n`);
    const room = Math.max(0, output.columns() - 1);
    const fitting = view && text === undefined && line.length > room ? formatProgress({ ...view, host: "" }) : line;
    output.write(CLEAR_LINE + fitting.slice(0, room));
    isDrawn = true;
  };

  const drawWhenDue = () => {
    if (form !== "none" && now() - drawnAt >= EVERY_MS[form]) draw();
  };

  // The time that passes is shown even when nothing else happens.
  const timer = form === "none" ? undefined : setInterval(drawWhenDue, EVERY_MS[form]);
  timer?.unref();

  return {
    update: (progress) => {
      startedAt ??= now();
      latest = progress;
      if (progress.url) host = hostOf(progress.url);
      rate.see(countPages(progress));
      drawWhenDue();
    },
    say: (said) => {
      text = said;
      drawWhenDue();
    },
    note: (line) => {
      clear();
      output.write(`${line}\n`);
      if (form === "line") draw();
    },
    stop: () => {
      clearInterval(timer);
      clear();
      latest = undefined;
      text = undefined;
    },
  };
}

export function formatProgress(view: ProgressView): string {
  const count = (value: number) => value.toLocaleString("en");
  return [
    `${count(view.done)} done`,
    `${count(view.queued)} queued`,
    `${count(view.failed)} failed`,
    `${view.pagesPerSecond.toFixed(view.pagesPerSecond < 10 ? 1 : 0)} pages/s`,
    formatBytes(view.bytes),
    ...(view.host ? [view.host] : []),
    formatDuration(view.elapsedMs),
  ].join(" · ");
}

const countPages = ({ crawl }: CrawlProgress) => crawl.done + crawl.failed;

function toView({ crawl }: CrawlProgress, host: string, pagesPerSecond: number, elapsedMs: number): ProgressView {
  const { done, pending: queued, failed, bytes } = crawl;
  return { done, queued, failed, bytes, pagesPerSecond, host, elapsedMs };
}

function toEvent({ crawl, inFlight }: CrawlProgress, view: ProgressView) {
  return {
    type: "progress",
    crawl_id: crawl.id,
    done: view.done,
    queued: view.queued,
    in_flight: inFlight,
    failed: view.failed,
    skipped: crawl.skipped,
    bytes: view.bytes,
    pages_per_second: Math.round(view.pagesPerSecond * 10) / 10,
    host: view.host,
    elapsed_ms: Math.round(view.elapsedMs),
  };
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "";
}

function createRate(now: () => number) {
  const seen: { at: number; count: number }[] = [];
  return {
    see(count: number) {
      const at = now();
      const last = seen.at(-1);
      // A sample each tenth of a second is enough, however fast pages come.
      if (last && at - last.at < 100) last.count = count;
      else seen.push({ at, count });
      while (seen.length > 2 && at - (seen[1]?.at ?? at) > RATE_SPAN_MS) seen.shift();
    },
    perSecond(): number {
      const [first, last] = [seen[0], seen.at(-1)];
      if (!first || !last) return 0;
      const span = now() - first.at;
      return span < 100 ? 0 : ((last.count - first.count) / span) * 1_000;
    },
  };
}
