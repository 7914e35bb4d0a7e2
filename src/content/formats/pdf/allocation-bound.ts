/** One stream once it is unpacked: more than the text of any book, and than any font. */
const maxBytesAtOnce = 64 * 1024 * 1024;
/** Everything together, growing buffers counted each time. */
const maxBytesInAll = 1024 * 1024 * 1024;
/** Smaller arrays are not counted; they are many, and time bounds them. */
const countedBytes = 64 * 1024;

export class AllocationError extends Error {}

/**
 * Bounds what code that we can't change may unpack: a few kilobytes of a PDF can stand for gigabytes, and its reader
 * takes whatever they ask for. Until the work is done arrays of bytes, which all its streams end in, are made in this
 * thread under a limit. Nothing else may run here at the same time.
 */
export async function boundAllocations<T>(work: () => Promise<T>): Promise<T> {
  const { Uint8Array: original, DecompressionStream: originalStream } = globalThis;
  let left = maxBytesInAll;
  const count = (bytes: number) => {
    left -= bytes;
    if (bytes > maxBytesAtOnce || left < 0) throw new AllocationError("It unpacks to more than may be read");
  };
  const bounded: typeof original = new Proxy(original, {
    construct(target, args, newTarget): object {
      const [size] = args;
      if (typeof size === "number" && size > countedBytes) count(size);
      return Reflect.construct(target, args, newTarget === bounded ? target : newTarget);
    },
  });
  globalThis.Uint8Array = bounded;
  // It unpacks without asking for arrays.
  globalThis.DecompressionStream = new Proxy(originalStream, {
    construct: (target, [format]: [Bun.CompressionFormat]) => boundStream(new target(format), count),
  });
  try {
    return await work();
  } finally {
    globalThis.Uint8Array = original;
    globalThis.DecompressionStream = originalStream;
  }
}

function boundStream({ readable, writable }: DecompressionStream, count: (bytes: number) => void) {
  let length = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      length += chunk.byteLength;
      if (length > maxBytesAtOnce) throw new AllocationError("It unpacks to more than may be read");
      count(chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
  return { writable, readable: readable.pipeThrough(counter) };
}
