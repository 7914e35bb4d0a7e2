const chunkBytes = 64 * 1024;

/**
 * The text of a sitemap in pieces, unpacked if its first bytes are gzip's, whatever its name and headers say. Ends at
 * `maxBytes` unpacked, or where the packing is broken, and tells so.
 */
export async function* readChunks(
  body: Uint8Array<ArrayBuffer>,
  maxBytes: number,
  onProblem: (message: string) => void,
): AsyncGenerator<string, void, undefined> {
  let decoder: TextDecoder | undefined;
  let bytes = 0;
  try {
    for await (const chunk of isGzip(body) ? unpack(body) : slices(body)) {
      const room = maxBytes - bytes;
      bytes += chunk.length;
      decoder ??= new TextDecoder(encodingOf(chunk));
      yield decoder.decode(chunk.length > room ? chunk.subarray(0, room) : chunk, { stream: true });
      if (chunk.length > room) {
        onProblem(`Is larger than ${maxBytes} bytes unpacked; the rest is not read`);
        return;
      }
    }
  } catch (error) {
    // What the consumer throws never comes here; only unpacking fails.
    onProblem(`Is no whole gzip file: ${error instanceof Error ? error.message : String(error)}`);
  }
  // A last line without an end is still a line.
  yield `${decoder?.decode() ?? ""}\n`;
}

function isGzip(body: Uint8Array): boolean {
  return body[0] === 0x1f && body[1] === 0x8b;
}

/** UTF-8 is what sitemaps.org asks for; URLs are ASCII in all else that is met, but for UTF-16. */
function encodingOf(start: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
  return start[0] === 0xfe && start[1] === 0xff ? "utf-16be" : "utf-8";
}

async function* slices(body: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < body.length; at += chunkBytes) {
    yield body.subarray(at, at + chunkBytes);
    // Fifty megabytes are half a second of work: others get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function* unpack(body: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array, void, undefined> {
  const unpacked = new Blob([body]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = unpacked.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
