import { expect, test } from "bun:test";
import { INSTRUMENTS, type InstrumentName, prometheusName } from "../../src/telemetry/instruments.ts";
import { formatPrometheus } from "../../src/telemetry/prometheus.ts";
import { createRecorder, type Recorder } from "../../src/telemetry/recorder.ts";
import { watchRuntime } from "../../src/telemetry/runtime-metrics.ts";

const write = async (recorder: Recorder) => formatPrometheus(await recorder.read());

test("counters add up by their labels", async () => {
  const recorder = createRecorder(0);

  recorder.count("orbweaver.crawl.pages", { outcome: "created" });
  recorder.count("orbweaver.crawl.pages", { outcome: "created" }, 2);
  recorder.count("orbweaver.crawl.pages", { outcome: "failed" });

  const text = await write(recorder);
  expect(text).toContain("# TYPE orbweaver_crawl_pages_total counter\n");
  expect(text).toContain('orbweaver_crawl_pages_total{outcome="created"} 3\n');
  expect(text).toContain('orbweaver_crawl_pages_total{outcome="failed"} 1\n');
});

test("histograms tell how many were at most as long as each bound", async () => {
  const recorder = createRecorder(0);

  for (const seconds of [0.01, 0.0101, 61]) recorder.observe("orbweaver.parse.duration", { outcome: "ok" }, seconds);

  const text = await write(recorder);
  const bucket = (le: string) => `orbweaver_parse_duration_seconds_bucket{outcome="ok",le="${le}"}`;
  expect(text).toContain(`${bucket("0.005")} 0\n`);
  expect(text).toContain(`${bucket("0.01")} 1\n`);
  expect(text).toContain(`${bucket("0.025")} 2\n`);
  expect(text).toContain(`${bucket("60")} 2\n`);
  expect(text).toContain(`${bucket("+Inf")} 3\n`);
  expect(text).toMatch(/orbweaver_parse_duration_seconds_sum\{outcome="ok"\} 61\.0201\n/);
  expect(text).toContain('orbweaver_parse_duration_seconds_count{outcome="ok"} 3\n');
});

test("a source is asked when metrics are read, until it leaves; one that fails takes no other with it", async () => {
  const recorder = createRecorder(0);
  const leave = recorder.watch("orbweaver.parse.queue", () => [{ labels: {}, value: 4 }]);
  recorder.watch("orbweaver.queue.urls", async () => Promise.reject(new Error("the database is away")));

  const before = await write(recorder);
  leave();
  const after = await write(recorder);

  expect(before).toContain("\norbweaver_parse_queue 4\n");
  expect(after).not.toContain("\norbweaver_parse_queue 4\n");
  expect(after).not.toContain("\norbweaver_queue_urls ");
});

test("labels that turn out to be endless are counted as one", async () => {
  const recorder = createRecorder(0);

  for (let n = 0; n < 2_000; n++) recorder.count("orbweaver.crawl.pages", { outcome: `odd ${n}` });

  const series = (await recorder.read()).find(({ name }) => name === "orbweaver.crawl.pages")?.series ?? [];
  expect(series.length).toBe(501);
  expect(series.at(-1)).toMatchObject({ labels: { outcome: "other" }, value: 1_500 });
});

test("a label can't break out of its quotes", async () => {
  const recorder = createRecorder(0);

  recorder.count("orbweaver.crawl.pages", { outcome: 'a"} 1\nfaked 2 \\' });

  expect(await write(recorder)).toContain('{outcome="a\\"} 1\\nfaked 2 \\\\"} 1\n');
});

test("the process tells how it is", async () => {
  const recorder = createRecorder(1_700_000_000_000);
  const stop = watchRuntime(recorder, "1.2.3");

  const text = await write(recorder);
  stop();

  expect(Number(/^process_memory_usage_bytes (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(1e7);
  expect(text).toMatch(/^process_cpu_time_seconds_total\{mode="user"\} [\d.]+$/m);
  expect(text).toMatch(/^orbweaver_event_loop_delay_seconds \d/m);
  expect(text).toContain(`\norbweaver_build_info{version="1.2.3",runtime="bun ${Bun.version}"} 1\n`);
  expect(text).toContain("\norbweaver_process_start_time_seconds 1700000000\n");
});

test("every instrument has a name and labels that Prometheus takes", () => {
  for (const name of Object.keys(INSTRUMENTS) as InstrumentName[]) {
    expect(prometheusName(name)).toMatch(/^[a-z][a-z0-9_]*$/);
    for (const label of INSTRUMENTS[name].labels) expect(label).toMatch(/^[a-z_]+$/);
    expect(INSTRUMENTS[name].help.length).toBeGreaterThan(10);
  }
});
