import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { decodeBody } from "../../src/fetch/content-encoding.ts";
import { FetchError } from "../../src/fetch/fetch.ts";

const url = new URL("https://site.test/");
const page = Buffer.from("<p>Straße 日本</p>".repeat(500));
const noise = Buffer.from(randomBytes(300_000).toString("hex"));

const own = (bytes: Uint8Array) => new Uint8Array(bytes);
const decode = (bytes: Uint8Array, encoding: string | null, maxBytes = 1_000_000) =>
  decodeBody(own(bytes), encoding, maxBytes, url);

async function codeOf(decoded: Promise<unknown>): Promise<string> {
  const error = await decoded.catch((thrown: unknown) => thrown);
  if (error instanceof FetchError) return error.code;
  throw new Error(`Expected a FetchError, got ${Bun.inspect(error)}`);
}

/** Zeros beyond count in few bytes, made without ever holding them. */
async function makeBomb(
  stream: {
    write(data: Uint8Array): boolean;
    end(): void;
    on(event: "data", listener: (chunk: Buffer) => void): unknown;
    once(event: "drain" | "end", listener: () => void): unknown;
  },
  megabytes: number,
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => stream.once("end", resolve));
  const zeros = Buffer.alloc(1_000_000);
  for (let written = 0; written < megabytes; written += 1) {
    if (!stream.write(zeros)) await new Promise<void>((resolve) => stream.once("drain", resolve));
  }
  stream.end();
  await ended;
  return Buffer.concat(chunks);
}

test.each([
  ["gzip", gzipSync(page)],
  ["x-gzip", gzipSync(page)],
  ["GZip", gzipSync(page)],
  ["gzip", Buffer.concat([gzipSync(page.subarray(0, 100)), gzipSync(page.subarray(100))])],
  ["br", brotliCompressSync(page)],
  ["zstd", zstdCompressSync(page)],
  ["zstd", Buffer.concat([zstdCompressSync(page.subarray(0, 100)), zstdCompressSync(page.subarray(100))])],
  ["deflate", deflateSync(page)],
  ["deflate", deflateRawSync(page)],
  ["gzip, br", brotliCompressSync(gzipSync(page))],
  ["br,zstd , gzip", gzipSync(zstdCompressSync(brotliCompressSync(page)))],
  ["identity", page],
  ["", page],
  [null, page],
])("a body in %p is decoded", async (encoding, wire) => {
  expect(Buffer.from(await decode(wire, encoding)).equals(page)).toBe(true);
});

test.each([
  ["gzip", gzipSync(noise)],
  ["br", brotliCompressSync(noise, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ["zstd", zstdCompressSync(noise)],
  ["deflate", deflateSync(noise)],
  ["deflate", deflateRawSync(noise)],
])("a large body in %p is decoded off the main thread", async (encoding, wire) => {
  expect(wire.byteLength).toBeGreaterThan(64 * 1024);
  expect(Buffer.from(await decode(wire, encoding)).equals(noise)).toBe(true);
});

test("a small body that unpacks to more than a mebibyte is decoded all the same", async () => {
  const body = await decode(gzipSync(Buffer.alloc(5_000_000)), "gzip", 5_000_000);

  expect(body.byteLength).toBe(5_000_000);
});

test.each(["utf-8", "UTF8", "none", "text/html", "compress"])(
  "the label %p is no coding and changes nothing",
  async (label) => {
    expect(Buffer.from(await decode(page, label)).equals(page)).toBe(true);
  },
);

test.each(["gzip", "zstd", "gzip, zstd"])("a plain body that is labelled %p is used as it is", async (label) => {
  expect(Buffer.from(await decode(page, label)).equals(page)).toBe(true);
});

test.each(["br", "deflate"])("a plain body that is labelled %p can't be told from damage and fails", async (label) => {
  expect(await codeOf(decode(page, label))).toBe("bad_encoding");
});

describe("a body that was cut short fails, wherever the cut is", () => {
  const codings: [string, Uint8Array][] = [
    ["gzip", gzipSync(page)],
    ["br", brotliCompressSync(page)],
    ["zstd", zstdCompressSync(page)],
    ["zstd", zstdCompressSync(noise)],
    ["zstd", zstdCompressSync(page, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
    ["deflate", deflateSync(page)],
    ["gzip", gzipSync(noise)],
  ];
  test.each(codings)("%s", async (encoding, wire) => {
    for (const length of [4, 9, Math.floor(wire.byteLength / 2), wire.byteLength - 1]) {
      expect([length, await codeOf(decode(wire.subarray(0, length), encoding))]).toEqual([length, "bad_encoding"]);
    }
  });
});

test("a damaged body fails as retryable and names the host", async () => {
  const wire = gzipSync(page);
  wire.fill(0x55, 20, 40);

  const error = await decode(wire, "gzip").catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({
    code: "bad_encoding",
    isRetryable: true,
    message: "The body from site.test is damaged or cut short: it can't be decoded as gzip",
  });
});

test("a body of exactly the limit passes, one byte more does not", async () => {
  for (const [encoding, wire] of [
    ["gzip", gzipSync(page)],
    ["br", brotliCompressSync(page)],
    ["zstd", zstdCompressSync(page)],
  ] as const) {
    expect((await decode(wire, encoding, page.byteLength)).byteLength).toBe(page.byteLength);
    expect(await codeOf(decode(wire, encoding, page.byteLength - 1))).toBe("too_large");
  }
});

test("a long stack of codings is refused before any of it is undone", async () => {
  expect(await codeOf(decode(gzipSync(page), "gzip,gzip,gzip,gzip"))).toBe("bad_encoding");
  expect(await codeOf(decode(gzipSync(page), "gzip,".repeat(10_000)))).toBe("bad_encoding");
});

test("a bomb costs its limit and no more, in every coding", async () => {
  const limit = 10_000_000;
  const bombs: [string, Uint8Array][] = [
    ["gzip", await makeBomb(createGzip({ level: 1 }), 500)],
    ["zstd", await makeBomb(createZstdCompress(), 500)],
    ["br", await makeBomb(createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }), 500)],
  ];
  Bun.gc(true);
  const before = process.memoryUsage().rss;

  for (const [encoding, wire] of bombs)
    expect([encoding, await codeOf(decode(wire, encoding, limit))]).toEqual([encoding, "too_large"]);

  expect(process.memoryUsage().rss - before).toBeLessThan(8 * limit);
});

test("a bomb within a bomb is stopped at the outer one", async () => {
  const inner = await makeBomb(createGzip({ level: 9 }), 100);
  const outer = gzipSync(inner);

  expect(await codeOf(decode(outer, "gzip, gzip", 10_000_000))).toBe("too_large");
  expect(await codeOf(decode(outer, "gzip, gzip", 1_000))).toBe("too_large");
});
