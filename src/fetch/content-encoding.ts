import { promisify } from "node:util";
import {
  brotliDecompress,
  brotliDecompressSync,
  gunzip,
  gunzipSync,
  inflate,
  inflateRaw,
  inflateRawSync,
  inflateSync,
  zstdDecompress,
  zstdDecompressSync,
} from "node:zlib";
import { tooLarge } from "./body.ts";
import { FetchError } from "./fetch.ts";
import { isZstd, isZstdWhole } from "./zstd.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Limit = { maxOutputLength: number; chunkSize: number };
type Coding = {
  /** False when the body can't be in this coding whatever its header says. */
  fits: (body: Bytes) => boolean;
  now: (body: Bytes, limit: Limit) => Bytes;
  later: (body: Bytes, limit: Limit) => Promise<Bytes>;
};

/** What the decoder below understands, best first. */
export const ACCEPT_ENCODING = "br, zstd, gzip, deflate";

// Above either of these the work goes to a thread: 1 MiB takes about 2 ms, and nobody may stall the server for longer.
const MAX_WIRE_BYTES_NOW = 64 * 1024;
const MAX_DECODED_BYTES_NOW = 1024 * 1024;

// A whole page in one piece: the default of 16 KiB costs a third more time.
const CHUNK_BYTES = 64 * 1024;

// Servers have no reason to stack codings; a long stack is an attempt to multiply our work.
const MAX_CODINGS = 3;

const GZIP: Coding = { fits: isGzip, now: gunzipSync, later: promisify<Bytes, Limit, Bytes>(gunzip) };
const ZLIB: Coding = { fits: isZlib, now: inflateSync, later: promisify<Bytes, Limit, Bytes>(inflate) };
const RAW_DEFLATE: Coding = {
  fits: () => true,
  now: inflateRawSync,
  later: promisify<Bytes, Limit, Bytes>(inflateRaw),
};
const BROTLI: Coding = {
  fits: () => true,
  now: brotliDecompressSync,
  later: promisify<Bytes, Limit, Bytes>(brotliDecompress),
};
const ZSTD: Coding = { fits: isZstd, now: zstdDecompressSync, later: promisify<Bytes, Limit, Bytes>(zstdDecompress) };

/**
 * Undoes a `Content-Encoding` (RFC 9110 §8.4). A name that is no coding is passed over as browsers do (`utf-8` is a
 * common slip), and so is a coding that the first bytes disprove: such bodies were never compressed.
 * @throws FetchError `too_large` before more than `maxBytes` are written, `bad_encoding` for a damaged or cut body
 */
export async function decodeBody(
  wire: Bytes,
  contentEncoding: string | null,
  maxBytes: number,
  url: URL,
): Promise<Bytes> {
  if (contentEncoding === null || wire.byteLength === 0) return wire;
  const names = contentEncoding
    .toLowerCase()
    .split(",", MAX_CODINGS + 1)
    .map((name) => name.trim());
  if (names.length > MAX_CODINGS) {
    throw new FetchError("bad_encoding", `${url.host} stacks more than ${MAX_CODINGS} content codings`);
  }

  let body = wire;
  for (const name of names.reverse()) {
    const coding = findCoding(name, body);
    if (coding?.fits(body)) body = await decode(body, name, coding, maxBytes, url);
  }
  return body;
}

function findCoding(name: string, body: Bytes): Coding | undefined {
  switch (name) {
    case "gzip":
    case "x-gzip":
      return GZIP;
    case "br":
      return BROTLI;
    case "zstd":
      return ZSTD;
    case "deflate":
      // RFC 9110 §8.4.1.2 means zlib's format; some servers send the bare stream.
      return isZlib(body) ? ZLIB : RAW_DEFLATE;
    default:
      return undefined;
  }
}

async function decode(body: Bytes, name: string, coding: Coding, maxBytes: number, url: URL): Promise<Bytes> {
  // zstd's decoder takes a cut body for a whole one, and a page that lost its end must not be stored.
  if (coding === ZSTD && !isZstdWhole(body)) throw badEncoding(name, url);
  try {
    if (body.byteLength <= MAX_WIRE_BYTES_NOW) {
      const maxBytesNow = Math.min(maxBytes, MAX_DECODED_BYTES_NOW);
      try {
        return plain(coding.now(body, { maxOutputLength: maxBytesNow, chunkSize: CHUNK_BYTES }));
      } catch (error) {
        if (!isOverflow(error) || maxBytesNow === maxBytes) throw error;
      }
    }
    return plain(await coding.later(body, { maxOutputLength: maxBytes, chunkSize: CHUNK_BYTES }));
  } catch (error) {
    if (isOverflow(error)) throw tooLarge(url, `longer once its ${name} is undone`, maxBytes);
    throw badEncoding(name, url, error);
  }
}

/** The same bytes, but no `Buffer`: that one's `slice` shares memory where `Uint8Array`'s copies. */
function plain(bytes: Bytes): Bytes {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isOverflow(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

/** Retryable: the usual cause is a transfer that broke off behind a proxy. */
function badEncoding(name: string, url: URL, cause?: unknown): FetchError {
  const message = `The body from ${url.host} is damaged or cut short: it can't be decoded as ${name}`;
  return new FetchError("bad_encoding", message, { isRetryable: true, cause });
}

function isGzip(body: Bytes): boolean {
  return body[0] === 0x1f && body[1] === 0x8b;
}

/** RFC 1950 §2.2: method 8, and a check over both bytes. */
function isZlib(body: Bytes): boolean {
  const [first = 0, second = 0] = body;
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}
