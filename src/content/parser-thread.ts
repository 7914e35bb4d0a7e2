/** The entry point of a parser thread: takes one page at a time, and answers each with a document or a failure. */
import type { DocumentInput } from "./document.ts";
import { sha256 } from "./fingerprint.ts";
import type { Parsed } from "./parser-pool.ts";
import { pack, type ThreadMessage, type ThreadRequest } from "./thread-message.ts";
import { readDocument } from "./to-document.ts";

declare const self: Worker;

/** Higher levels cost more than the space they save on pages of a few dozen kilobytes. */
const zstdLevel = 3;

/** Looking at the heap takes a hundredth of the time of a page. */
const PAGES_BETWEEN_LOOKS = 16;

let pages = 0;

/** Some kinds of file are read with pauses; the next page waits for its turn all the same. */
let underWay: Promise<void> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<ThreadRequest>) => {
  underWay = underWay.then(() => answer(data));
};

async function answer(request: ThreadRequest): Promise<void> {
  if (request === "collect") {
    Bun.gc(true);
    tellMemory(true);
    return;
  }
  try {
    const parsed = await parse(request);
    self.postMessage(pack(parsed), [parsed.raw.zstd.buffer]);
  } catch (error) {
    self.postMessage({ type: "failed", message: explain(error) } satisfies ThreadMessage);
  }
  if (++pages % PAGES_BETWEEN_LOOKS === 0) tellMemory(false);
}
self.postMessage({ type: "ready" } satisfies ThreadMessage);

/** What is thrown on purpose speaks for itself; of other errors the name says more than the text. */
function explain(error: unknown): string {
  return error instanceof Error && error.name === "Error" ? error.message : String(error);
}

function tellProgress(): void {
  self.postMessage({ type: "progress" } satisfies ThreadMessage);
}

/** In a thread this is its own heap, with what hangs on it; only `rss` is the whole process's. */
function tellMemory(isCollected: boolean): void {
  const bytes = process.memoryUsage().heapUsed;
  self.postMessage({ type: "memory", bytes, isCollected } satisfies ThreadMessage);
}

async function parse(input: DocumentInput): Promise<Parsed> {
  const document = await readDocument(input, tellProgress);
  const packed = Bun.zstdCompressSync(input.body, { level: zstdLevel });
  const { buffer } = packed;
  // A buffer of its own can be handed over without a copy.
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === packed.byteLength;
  const zstd = isOwn ? new Uint8Array(buffer) : new Uint8Array(packed);
  return { document, raw: { hash: sha256(input.body), zstd, byteLength: input.body.byteLength } };
}
