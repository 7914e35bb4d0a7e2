import { expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import type { DocumentInput } from "../../src/content/document.ts";
import { observeParser } from "../../src/content/observed-parser.ts";
import { ParseError } from "../../src/content/parser-pool.ts";
import type { Crawl } from "../../src/crawl/crawls.ts";
import { observeRun } from "../../src/crawl/observed-crawl.ts";
import { observeStatements } from "../../src/db/observed-statements.ts";
import { FetchError } from "../../src/fetch/fetch.ts";
import { observeFetch } from "../../src/fetch/observed-fetch.ts";
import type { InstrumentName } from "../../src/telemetry/instruments.ts";
import { openLog } from "../../src/telemetry/open.ts";
import { createRecorder } from "../../src/telemetry/recorder.ts";
import { type Attributes, createTelemetry, SILENT } from "../../src/telemetry/telemetry.ts";
import { testStores } from "../testing/stores.ts";

type Told = { name: string; attributes: Attributes; isFailed: boolean; isEnded: boolean };

/** Telemetry that remembers what it was told. */
function remember() {
  const spans: Told[] = [];
  const recorder = createRecorder(0);
  const telemetry = createTelemetry({
    recorder,
    tracer: {
      start: (name, { attributes = {} }) => {
        const told = { name, attributes: { ...attributes }, isFailed: false, isEnded: false };
        spans.push(told);
        return {
          context: { traceId: "1".repeat(32), spanId: String(spans.length).padStart(16, "0"), isSampled: true },
          set: (more) => void Object.assign(told.attributes, more),
          rename: (to) => {
            told.name = to;
          },
          fail: () => {
            told.isFailed = true;
          },
          end: () => {
            told.isEnded = true;
          },
        };
      },
    },
  });
  const seriesOf = async (name: InstrumentName) =>
    (await recorder.read()).find((reading) => reading.name === name)?.series.map(({ labels }) => labels);
  return { telemetry, spans, seriesOf };
}

test("a fetch that fails is told by the code of its failure", async () => {
  const { telemetry, spans, seriesOf } = remember();
  const failing = observeFetch(async ({ url }) => {
    throw url.includes("odd") ? new Error("a fault of ours") : new FetchError("dns", "no address");
  }, telemetry);

  await failing({ url: "https://someone:hunter2@a.example:8443/x" }).catch(() => {});
  await failing({ url: "odd" }).catch(() => {});

  expect(spans[0]).toEqual({
    name: "GET",
    attributes: {
      "http.request.method": "GET",
      "url.full": "https://a.example:8443/x",
      "server.address": "a.example",
      "server.port": 8443,
      "error.type": "dns",
    },
    isFailed: true,
    isEnded: true,
  });
  expect(spans[1]?.attributes["error.type"]).toBe("internal");
  expect(await seriesOf("orbweaver.fetch.duration")).toEqual([{ outcome: "dns" }, { outcome: "internal" }]);
});

test("a page that can't be parsed is told by the code of its failure", async () => {
  const { telemetry, spans, seriesOf } = remember();
  const errors = [new ParseError("parse_timeout", "too long"), new Error("a fault of ours")];
  const pool = { parse: () => Promise.reject(errors.shift()), busyThreads: () => 0, close: () => {} };
  const parser = observeParser(pool, telemetry);
  const input = { url: "https://a.example/", body: new Uint8Array(3) } as unknown as DocumentInput;

  await parser.parse(input).catch(() => {});
  await parser.parse(input).catch(() => {});

  expect(spans.map(({ isFailed }) => isFailed)).toEqual([true, true]);
  expect(await seriesOf("orbweaver.parse.duration")).toEqual([{ outcome: "parse_timeout" }, { outcome: "internal" }]);
  expect(await seriesOf("orbweaver.parse.queue")).toEqual([{}]);
  parser.close();
});

test("a statement that fails is told with its code; by itself it is counted and no trace", async () => {
  const { telemetry, spans, seriesOf } = remember();
  const store = await (testStores.at(-1) ?? testStores[0])?.open({ isMigrated: false });
  if (!store) throw new Error("There is always a store");
  observeStatements(store.db, telemetry);
  const fail = () =>
    store.db.execute(sql`select ${1}::int / 0`).then(
      () => false,
      () => true,
    );
  const nested = () => store.db.transaction((tx) => tx.transaction((inner) => inner.execute(sql`vacuum`)));

  const isAlone = await fail();
  const before = spans.length;
  await telemetry.span("request", {}, async () => {
    await fail();
    await nested().catch(() => {});
  });

  expect([isAlone, before]).toEqual([true, 0]);
  expect(spans.map(({ name }) => name)).toEqual(["request", "select", "transaction", "transaction", "other"]);
  expect(spans[1]).toMatchObject({
    isFailed: true,
    attributes: { "db.query.text": "select $1::int / 0", "error.type": "22012" },
  });
  expect(await seriesOf("db.client.operation.duration")).toEqual([
    { operation: "select", outcome: "error" },
    { operation: "other", outcome: "error" },
  ]);
  await store.close();
});

test("a run that an error ends is told as such", async () => {
  const { telemetry, spans, seriesOf } = remember();
  const crawl = { id: "c1", websiteId: "w1", runner: "service", traceContext: null } as Crawl;

  await observeRun(telemetry, crawl, () => Promise.reject(new Error("broken"))).catch(() => {});

  expect(spans[0]).toMatchObject({ name: "crawl", isFailed: true, isEnded: true });
  expect(await seriesOf("orbweaver.crawl.run.duration")).toEqual([{ outcome: "error" }]);
});

test("where nobody listens, nothing is wrapped", () => {
  const fetch = async () => Promise.reject(new Error());
  const parser = { parse: fetch, busyThreads: () => 0, close: () => {} };

  expect(observeFetch(fetch, SILENT)).toBe(fetch);
  expect(observeParser(parser, SILENT)).toBe(parser);
});

test("the log is written as the settings and the place it goes to ask, without the settings' secrets", () => {
  const write = (settings: Record<string, string>, isTTY: boolean) => {
    const lines: string[] = [];
    const config = readConfig({ REDIS_URL: "redis://:settings-secret@cache/0", ...settings });
    const log = openLog(config, systemClock, { isTTY, write: (line) => lines.push(line) });
    log.error("redis went away", { error: new Error("AUTH settings-secret failed") });
    return lines.join("");
  };

  const [piped, shown, asked, text] = [
    write({}, false),
    write({}, true),
    write({ LOG_FORMAT: "json" }, true),
    write({ LOG_FORMAT: "text" }, false),
  ];

  for (const line of [piped, asked])
    expect(JSON.parse(line)).toMatchObject({ level: "error", event: "redis went away" });
  for (const line of [shown, text]) expect(Bun.stripANSI(line)).toMatch(/^\S+ ERROR redis went away/);
  expect(piped + shown + asked + text).not.toContain("settings-secret");
});
