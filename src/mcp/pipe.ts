import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  parseJSONRPCMessage,
  type RequestId,
  type Transport,
} from "@modelcontextprotocol/server";
import type { Clock } from "../clock.ts";

/** Longer than any message that is made in good faith. */
const MAX_LINE_BYTES = 10_000_000;
/** How long answers under way have when nothing more can be asked; a client that is in a hurry sends a signal. */
const GRACE_MS = 10_000;

type Options = {
  clock: Clock;
  input: ReadableStream<Uint8Array>;
  /** Resolves to false when nobody reads any more. */
  write(text: string): Promise<boolean>;
  /** Ends it at once. */
  signal: AbortSignal;
};

/** A transport over a pair of pipes: a message a line. The library's own does not answer what was asked before the end. */
export type Pipe = Transport & {
  /** Resolves when no more can be asked or answered. */
  closed: Promise<void>;
};

type Reader = { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>; cancel(): Promise<void> };

export function openPipe({ clock, input, write, signal }: Options): Pipe {
  const reader: Reader = input.getReader();
  const asked = new Set<RequestId>();
  const { promise: closed, resolve: tellClosed } = Promise.withResolvers<void>();
  let isClosed = false;
  let answered: (() => void) | undefined;
  let written: Promise<boolean> = Promise.resolve(true);

  const send = async (message: unknown) => {
    // One after the other: a pipe that is full must not mix their parts.
    written = written.then((isRead) => isRead && write(`${JSON.stringify(message)}\n`));
    if (!(await written)) await close();
  };
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    signal.removeEventListener("abort", close);
    await reader.cancel().catch(() => {});
    pipe.onclose?.();
    tellClosed();
  };
  const settle = (id: RequestId | undefined) => {
    if (id === undefined || !asked.delete(id)) return;
    if (asked.size === 0) answered?.();
  };
  const take = (line: string) => {
    if (line.trim() === "") return;
    let message: JSONRPCMessage;
    try {
      message = parseJSONRPCMessage(JSON.parse(line));
    } catch (error) {
      pipe.onerror?.(error as Error);
      void send({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "The line is no JSON-RPC message" } });
      return;
    }
    // Who listens is answered only when it is over.
    if (isJSONRPCRequest(message) && message.method !== "subscriptions/listen") asked.add(message.id);
    // A request that is cancelled gets no answer.
    if (isJSONRPCNotification(message) && message.method === "notifications/cancelled") {
      settle((message.params as { requestId?: RequestId } | undefined)?.requestId);
    }
    pipe.onmessage?.(message);
  };
  const read = async () => {
    for await (const line of linesOf(reader)) take(line);
    if (asked.size > 0 && !isClosed) {
      const done = new Promise<void>((resolve) => {
        answered = resolve;
      });
      await Promise.race([done, clock.sleep(GRACE_MS, signal).catch(() => {})]);
      await written;
    }
    await close();
  };

  const pipe: Pipe = {
    closed,
    start: async () => {
      signal.addEventListener("abort", close, { once: true });
      if (signal.aborted) return close();
      read().catch((error: Error) => {
        pipe.onerror?.(error);
        return close();
      });
    },
    send: async (message) => {
      if (isClosed) return;
      await send(message);
      if ("result" in message || "error" in message) settle(message.id);
    },
    close,
  };
  return pipe;
}

async function* linesOf(reader: Reader): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const [first = "", ...others] = decoder.decode(value, { stream: true }).split("\n");
    parts.push(first);
    size += first.length;
    if (size > MAX_LINE_BYTES) throw new Error(`A line has more than ${MAX_LINE_BYTES} characters`);
    for (const other of others) {
      yield parts.join("");
      parts = [other];
      size = other.length;
    }
  }
  if (size > 0) yield parts.join("");
}
