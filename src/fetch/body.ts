import { FetchError } from "./fetch.ts";

const NO_BYTES = new Uint8Array(0);

/** Redirects and the like: a short body is read so that the connection can be used again, a long one is cut off. */
const DRAINED_BYTES = 16 * 1024;

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

/** Lets go of a body nobody wants. */
export async function discardBody(response: Response): Promise<void> {
  const length = response.headers.get("content-length");
  const isShort = length !== null && Number(length) <= DRAINED_BYTES && !response.headers.has("transfer-encoding");
  // What goes wrong from here on is no concern of a reader who has turned away.
  await (isShort ? response.arrayBuffer() : response.body?.cancel())?.catch(() => undefined);
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
