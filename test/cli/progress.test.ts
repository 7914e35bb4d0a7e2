import { expect, test } from "bun:test";
import { createProgress, formatProgress, type ProgressForm } from "../../src/cli/progress.ts";
import type { CrawlProgress } from "../../src/crawl/session.ts";

const CLEAR = "\r\u001b[2K";

function crawling(counts: { done: number; pending?: number; failed?: number; bytes?: number }): CrawlProgress {
  const crawl = { id: "c1", pending: 0, failed: 0, bytes: 0, skipped: 0, ...counts };
  return { crawl: crawl as CrawlProgress["crawl"], url: "https://docs.example.org/a", inFlight: 2 };
}

function show(form: ProgressForm, columns = 200) {
  const written: string[] = [];
  const time = { ms: 0 };
  const progress = createProgress(form, { write: (text) => written.push(text), columns: () => columns }, () => time.ms);
  return { written, time, progress };
}

test("a line names what is done, queued and failed, the pace, bytes, host and time", () => {
  const view = {
    done: 1_234,
    queued: 56,
    failed: 7,
    bytes: 5_250_000,
    pagesPerSecond: 41.6,
    host: "a.example",
    elapsedMs: 65_000,
  };

  expect(formatProgress(view)).toBe("1,234 done · 56 queued · 7 failed · 42 pages/s · 5.3 MB · a.example · 1 min 5 s");
});

test("on a terminal one line is drawn over again, at most eight times a second, and cleared at the end", () => {
  const { written, time, progress } = show("line");

  for (; time.ms <= 1_000; time.ms += 10) progress.update(crawling({ done: time.ms / 10 }));
  progress.stop();

  expect(written).toHaveLength(9);
  expect(written.slice(0, -1).every((text) => text.startsWith(CLEAR) && !text.includes("\n"))).toBe(true);
  expect(written.at(-1)).toBe(CLEAR);
});

test.each([
  [60, "1 done · 0 queued · 0 failed · 0.0 pages/s · 0 B · 0.0 s"],
  [20, "1 done · 0 queued ·"],
])("in %d columns the line loses its host, and is cut if that is not enough", (columns, line) => {
  const { written, progress } = show("line", columns);

  progress.update(crawling({ done: 1 }));
  progress.stop();

  expect(written[0]).toBe(CLEAR + line);
});

test("a note stands above the line, which is drawn again", () => {
  const { written, progress } = show("line");

  progress.update(crawling({ done: 1 }));
  progress.note("warning: something");
  progress.stop();

  expect(written.slice(1, 3)).toEqual([CLEAR, "warning: something\n"]);
  expect(written[3]).toStartWith(`${CLEAR}1 done`);
});

test("without a terminal there is a whole line every few seconds", () => {
  const { written, time, progress } = show("lines");

  for (; time.ms <= 11_000; time.ms += 100) progress.update(crawling({ done: time.ms / 100 }));
  progress.stop();

  expect(written).toHaveLength(3);
  expect(written[2]).toBe("100 done · 0 queued · 0 failed · 10 pages/s · 0 B · docs.example.org · 10 s\n");
});

test("for programs there is an object a line every second", () => {
  const { written, time, progress } = show("json");

  for (; time.ms <= 1_500; time.ms += 100) {
    progress.update(crawling({ done: time.ms / 100, pending: 5, failed: 1, bytes: 999 }));
  }
  progress.stop();

  expect(written).toHaveLength(2);
  expect(JSON.parse(written[1] ?? "")).toEqual({
    type: "progress",
    crawl_id: "c1",
    done: 10,
    queued: 5,
    in_flight: 2,
    failed: 1,
    skipped: 0,
    bytes: 999,
    pages_per_second: 10,
    host: "docs.example.org",
    elapsed_ms: 1_000,
  });
});

test("when nothing is to be shown, nothing is", () => {
  const { written, progress } = show("none");

  progress.update(crawling({ done: 1 }));
  progress.say("Writing files");
  progress.stop();

  expect(written).toEqual([]);
});

test("the pace is that of the last seconds", () => {
  const { written, time, progress } = show("lines");

  for (; time.ms < 60_000; time.ms += 500) progress.update(crawling({ done: time.ms }));
  for (let done = 60_000; time.ms <= 80_000; time.ms += 500, done += 1) progress.update(crawling({ done }));
  progress.stop();

  expect(written.at(-1)).toContain("2.0 pages/s");
});
