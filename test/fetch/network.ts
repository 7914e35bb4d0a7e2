import { createAddressPolicy } from "../../src/fetch/address-policy.ts";
import { FetchError, type FetchResponse } from "../../src/fetch/fetch.ts";
import { createNetworkFetch, type NetworkFetchOptions } from "../../src/fetch/network.ts";
import { createManualClock } from "../manual-clock.ts";

/** A fetcher that may go anywhere and takes every name for this machine, unless told otherwise. */
export function openNetwork(options: Partial<NetworkFetchOptions> = {}) {
  return createNetworkFetch({
    userAgent: "Orbweaver/test",
    policy: createAddressPolicy({ allow: true }),
    maxBytes: 1_000_000,
    timeouts: { connectMs: 1_000, headersMs: 2_000, totalMs: 4_000 },
    clock: createManualClock(),
    lookup: async () => ["127.0.0.1"],
    ...options,
  });
}

/** The failure a request ends in; a response is a fault of the test. */
export async function failureOf(response: Promise<FetchResponse>): Promise<FetchError> {
  const outcome = await response.catch((error: unknown) => error);
  if (outcome instanceof FetchError) return outcome;
  throw new Error(`Expected a FetchError, got ${Bun.inspect(outcome)}`);
}

export function textOf(response: FetchResponse): string {
  return new TextDecoder().decode(response.body);
}

type RawConnection = { write(data: string | Uint8Array): void; end(): void; reset(): void };

/** A server of bare bytes: `answer` runs for each request head, which it gets as text. */
export function serveRaw(answer: (connection: RawConnection, request: string) => void) {
  let opened = 0;
  let closed = 0;
  const waiting: (() => void)[] = [];
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open() {
        opened += 1;
      },
      data(socket, data) {
        answer(
          {
            write: (bytes) => void socket.write(bytes),
            end: () => void socket.end(),
            reset: () => void socket.terminate(),
          },
          data.toString("latin1"),
        );
      },
      close() {
        closed += 1;
        for (const wake of waiting.splice(0)) wake();
      },
      error() {},
    },
  });
  return {
    port: server.port,
    url: `http://site.test:${server.port}/`,
    opened: () => opened,
    /** Resolves once every connection opened so far is closed. */
    async allClosed() {
      while (closed < opened) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    stop: () => server.stop(true),
    [Symbol.dispose]: () => server.stop(true),
  };
}

/** A server that sends `head` and then `chunk` for as long as anyone takes it, at most `maxBytes` in all. */
export function serveEndless(head: string, chunk: string, maxBytes = 300_000_000) {
  const bytes = Buffer.from(chunk);
  let sentBytes = 0;
  let onClose = () => {};
  const closed = new Promise<void>((resolve) => {
    onClose = resolve;
  });
  const pump = (socket: { write(data: Uint8Array): number }) => {
    let taken = 1;
    while (taken > 0 && sentBytes < maxBytes) {
      // A socket takes what it has room for: the next write goes on from there, and the framing stays whole.
      taken = socket.write(bytes.subarray(sentBytes % bytes.byteLength));
      sentBytes += Math.max(0, taken);
    }
  };
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        socket.write(head);
        pump(socket);
      },
      drain: pump,
      close: () => onClose(),
      error() {},
    },
  });
  return {
    url: `http://site.test:${server.port}/`,
    sentBytes: () => sentBytes,
    closed,
    [Symbol.dispose]: () => server.stop(true),
  };
}
