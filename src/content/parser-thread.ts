/** The entry point of a parser thread: takes one page at a time, and answers each with a document or a failure. */
import type { DocumentInput } from "./document.ts";
import { sha256 } from "./fingerprint.ts";
import type { Parsed } from "./parser-pool.ts";
import { pack, type ThreadMessage } from "./thread-message.ts";
import { toDocument } from "./to-document.ts";

declare const self: Worker;

/** Higher levels cost more than the space they save on pages of a few dozen kilobytes. */
const zstdLevel = 3;

self.onmessage = ({ data }: MessageEvent<DocumentInput>) => {
  try {
    const parsed = parse(data);
    self.postMessage(pack(parsed), [parsed.raw.zstd.buffer]);
  } catch (error) {
    self.postMessage({ type: "failed", message: String(error) } satisfies ThreadMessage);
  }
};
self.postMessage({ type: "ready" } satisfies ThreadMessage);

function parse(input: DocumentInput): Parsed {
  const document = toDocument(input);
  const packed = Bun.zstdCompressSync(input.body, { level: zstdLevel });
  const { buffer } = packed;
  // A buffer of its own can be handed over without a copy.
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === packed.byteLength;
  const zstd = isOwn ? new Uint8Array(buffer) : new Uint8Array(packed);
  return { document, raw: { hash: sha256(input.body), zstd, byteLength: input.body.byteLength } };
}
