/** What may wait for a client that does not read. */
const MAX_UNREAD_BYTES = 8_000_000;

/** A comment, which means nothing (WHATWG HTML §9.2.6). */
const BEGINNING = new TextEncoder().encode(":\n\n");

/**
 * The same stream of events, cut off once its reader is too far behind: it can come back for what it missed, while memory can't.
 * @param ended called once, whichever side has ended it
 * `left` before that when it was the reader
 * @param over ends it when it resolves
 */
export function boundUnread(
  source: ReadableStream<Uint8Array>,
  { ended, left }: { ended: () => void; left: () => void },
  over?: Promise<void>,
  maxBytes = MAX_UNREAD_BYTES,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  over?.then(
    () => reader.cancel(),
    () => {},
  );
  const pump = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        // Looked at before and not after, so that one long answer always goes out whole.
        if ((controller.desiredSize ?? 0) <= 0) {
          await reader.cancel("The client does not read what it is sent");
          break;
        }
        controller.enqueue(value);
      }
      // Not by an error, which the runtime would write out: to the client it is a stream that broke off either way.
      controller.close();
    } catch {
      // The client has gone.
    } finally {
      ended();
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        // The runtime sends the head of an answer with its first part, for which a client would wait.
        controller.enqueue(BEGINNING);
        void pump(controller);
      },
      cancel: (reason) => {
        left();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: maxBytes, size: (chunk) => chunk?.byteLength ?? 0 },
  );
}
