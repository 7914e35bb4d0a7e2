import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, formatFigures, median } from "./figures.ts";
import { load, readWrk } from "./load.ts";
import { readMemory, startServer } from "./server-process.ts";

const REPORT = `Running 1s test @ http://127.0.0.1:3000/health
  1 threads and 32 connections
  Latency Distribution
     50%  290.00us
     75%    0.52ms
     90%    1.10ms
     99%    1.20s
  92641 requests in 1.00s, 40.00MB read
`;

test("a server is measured from its start to its first answer, and idle", async () => {
  const command = [process.execPath, join(import.meta.dir, "bare/bun.ts")];

  await using server = await startServer({ command, folder: tmpdir() });
  const { residentBytes, anonymousBytes } = await server.memory();

  expect(server.firstAnswerMs).toBeWithin(1, 30_000);
  expect(residentBytes).toBeWithin(10e6, 500e6);
  expect(anonymousBytes).toBeWithin(100e3, residentBytes);
});

test("a server that ends before it answers is an error that shows what it said", async () => {
  const command = [process.execPath, "-e", "console.error('no port'); process.exit(3)"];

  await expect(startServer({ command, folder: tmpdir() })).rejects.toThrow("no port");
});

test("requests are counted without wrk too", async () => {
  let asked = 0;
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(`${++asked}`) });

  const { requestsPerSecond, p50Ms, p99Ms } = await load(server.url.href, { connections: 2, seconds: 0.2 }, null);

  expect(requestsPerSecond).toBeWithin(1, asked * 5 + 1);
  expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
});

test("requests that fail are no figure", async () => {
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(null, { status: 503 }) });

  await expect(load(server.url.href, { connections: 1, seconds: 0.2 }, null)).rejects.toThrow("503");
  expect(() => readWrk(`${REPORT}  Non-2xx or 3xx responses: 7\nRequests/sec:  92641.10\n`)).toThrow("responses: 7");
});

test("what wrk reports is read in milliseconds", () => {
  const report = readWrk(`${REPORT}Requests/sec:  92641.10\nTransfer/sec:     40.00MB\n`);

  expect(report).toEqual({ requestsPerSecond: 92641.1, p50Ms: 0.29, p99Ms: 1200 });
});

test("memory is read as the kernel counts it", () => {
  const rollup =
    "00400000-7ffe r--p 00000000 00:00 0 [rollup]\nRss:   65536 kB\nPss:  60000 kB\nAnonymous:   20480 kB\n";

  expect(readMemory(rollup)).toEqual({ residentBytes: 64 * 1024 ** 2, anonymousBytes: 20 * 1024 ** 2 });
});

test("the table says of every figure whether its aim is reached", () => {
  const figures: Figure[] = [
    { name: "health", unit: "1/s", value: 90_000, bare: 100_000, aim: { of: "ratio", atLeast: 0.9 } },
    { name: "start", unit: "ms", value: 151.2, bare: 10.4, aim: { of: "value", atMost: 150 } },
    { name: "p99", unit: "ms", value: median([3.2, 1.234, 0.5]) },
  ];

  const table = formatFigures(figures);

  expect(table.split("\n").map((line) => line.split(/\s{2,}/).filter(Boolean))).toEqual([
    ["Orbweaver", "bare", "ratio", "aim"],
    ["health", "1/s", "90000", "100000", "0.90", "≥ 0.9 of bare", "reached"],
    ["start", "ms", "151", "10.4", "14.54", "≤ 150", "missed"],
    ["p99", "ms", "1.23"],
  ]);
});
