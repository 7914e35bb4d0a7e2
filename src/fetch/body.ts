import { FetchError } from "./fetch.ts";

const NO_BYTES = new Uint8Array(0);

/** Redirects and the like: a short body is read so that the connection can be used again, a long one is cut off. */
const DRAINED_BYTES = 16 * 1024;
const DRAIN_MS = 200;

/**
 * The body as it came over the wire, counted while it comes.
 * @throws FetchError `too_large` as soon as the limit is passed, or promised to be passed by `Content-Length`
 */
export async function readBody(response: Response, maxBytes: number, url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const declaredBytes = Number(response.headers.get("content-length") ?? 0);
  if (response.body === null) return NO_BYTES;
  if (declaredBytes > maxBytes) {
    await discardBody(response);
    throw tooLarge(url, `${declaredBytes} bytes`, maxBytes);
  }

  const reader = response.body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      throw tooLarge(url, "longer", maxBytes);
    }
    chunks.push(value);
  }
  return join(chunks, size);
}

/** Lets go of a body nobody wants. What goes wrong with it is no concern of a reader who has turned away. */
export async function discardBody(response: Response): Promise<void> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  const length = response.headers.get("content-length");
  const isShort = length !== null && Number(length) <= DRAINED_BYTES && !response.headers.has("transfer-encoding");
  if (!isShort) return reader.cancel().catch(() => undefined);

  // A body may be promised and never come: a connection is worth a moment, and no more.
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), DRAIN_MS);
  try {
    while (!(await reader.read()).done) {}
  } catch {
  } finally {
    clearTimeout(timer);
  }
}

export function tooLarge(url: URL, size: string, maxBytes: number): FetchError {
  return new FetchError("too_large", `The body from ${url.host} is ${size}, and the limit is ${maxBytes} bytes`);
}

function join(chunks: Uint8Array<ArrayBuffer>[], size: number): Uint8Array<ArrayBuffer> {
  const [first] = chunks;
  // Most pages come in one chunk, which needs no copy unless it is a window on a larger buffer.
  if (first && chunks.length === 1 && first.byteLength === first.buffer.byteLength) return first;

  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
