import { afterEach, expect, test } from "bun:test";
import type { DocumentInput } from "../../src/content/document.ts";
import {
  createParserPool,
  type ParseError,
  type ParserPool,
  type ParserPoolOptions,
} from "../../src/content/parser-pool.ts";
import { writePdf } from "./formats/pdf-writer.ts";
import { writeDocx } from "./formats/zip-writer.ts";

const pools: ParserPool[] = [];

function openPool(options: ParserPoolOptions = {}): ParserPool {
  const pool = createParserPool({ threads: 1, ...options });
  pools.push(pool);
  return pool;
}

afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});

const input = (body: Uint8Array<ArrayBuffer> | string): DocumentInput => ({
  url: "https://a.example/",
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  contentType: null,
});

const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "parsed",
    ({ code, message }: ParseError) => `${code}: ${message}`,
  );

const pdf = (text: string) => writePdf({ pages: [[{ text, x: 50, y: 700 }]] });
const docx = (text: string) => writeDocx(`<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`);

test("files that are read with pauses, and pages among them, keep to their callers", async () => {
  const pool = openPool();
  const bodies = Array.from({ length: 4 }, (_, n) => [pdf(`pdf ${n}`), `<p>html ${n}`, docx(`docx ${n}`)]).flat();

  const parsed = await Promise.all(bodies.map((body) => pool.parse(input(body))));

  expect(parsed.map(({ document }) => document.markdown)).toEqual(
    Array.from({ length: 4 }, (_, n) => [`pdf ${n}\n`, `html ${n}\n`, `docx ${n}\n`]).flat(),
  );
});

test("a damaged file fails with the reason, and the page behind it is parsed", async () => {
  const pool = openPool();

  const bodies = ["%PDF-1.7\n", writeDocx("").slice(0, -60), "<p>next"];
  const outcomes = await Promise.all(bodies.map((body) => messageOf(pool.parse(input(body)))));

  expect(outcomes).toEqual([
    "parse_failed: Parsing https://a.example/ failed: The PDF is damaged: Invalid PDF structure.",
    "parse_failed: Parsing https://a.example/ failed: The archive is damaged",
    "parsed",
  ]);
});

test("a file that waits for ever is over its time like one that computes for ever", async () => {
  const waiting = new Blob([
    `postMessage({ type: "ready" }); onmessage = async () => { await new Promise(() => {}); };`,
  ]);
  const real = new URL("../../src/content/parser-thread.ts", import.meta.url).href;
  let started = 0;
  const startThread = () => new Worker(started++ === 0 ? URL.createObjectURL(waiting) : real);
  const pool = openPool({ timeoutMs: 1_000, startThread });

  const outcomes = await Promise.all([pdf("x"), "<p>next"].map((body) => messageOf(pool.parse(input(body)))));

  expect(outcomes).toEqual(["parse_timeout: Parsing https://a.example/ took longer than 1000 ms", "parsed"]);
});

test("a file that gets on has more time, and not for ever", async () => {
  const thread = (work: string) =>
    new Worker(URL.createObjectURL(new Blob([`postMessage({ type: "ready" }); onmessage = () => { ${work} };`])));
  const endless = "setInterval(() => postMessage({ type: 'progress' }), 50);";
  const pool = openPool({ timeoutMs: 300, startThread: () => thread(endless) });
  const start = performance.now();

  const outcome = await messageOf(pool.parse(input("x")));

  expect(outcome).toStartWith("parse_timeout");
  expect(performance.now() - start).toBeGreaterThan(1_100);
});

test("a page that takes too much memory fails alone, long before its time is over", async () => {
  const hungry = new Blob([
    `postMessage({ type: "ready" }); const kept = [];
     onmessage = () => { for (;;) if (kept.length < 40) kept.push(new Uint8Array(8_000_000).fill(1)); };`,
  ]);
  const real = new URL("../../src/content/parser-thread.ts", import.meta.url).href;
  let started = 0;
  const startThread = () => new Worker(started++ === 0 ? URL.createObjectURL(hungry) : real);
  const pool = openPool({ timeoutMs: 60_000, maxGrowthBytes: 100_000_000, startThread });

  const outcomes = await Promise.all(["x", "<p>next"].map((body) => messageOf(pool.parse(input(body)))));

  expect(outcomes).toEqual(["parse_failed: Parsing https://a.example/ failed: it took too much memory", "parsed"]);
});
