import type { Sql } from "postgres";
import { type Clock, within } from "../clock.ts";
import { reconnectDelayMs } from "./connection-failure.ts";

export type Hearing = {
  onMessage(payload: string): void;
  /** For the first time, or again: what was said in between was missed. */
  onOpen(): void;
  /** It tries to come back by itself until it is closed. */
  onLost(error: unknown): void;
};

/** An ear on a channel of a server, which comes back by itself after it was lost. */
export type Listening = {
  isOpen(): boolean;
  close(): Promise<void>;
};

/** A client of one connection, which tells what the server says unasked, and when the connection is gone. */
export type OpenSession = (told: { onMessage(channel: string, payload: string): void; onClose(): void }) => Sql;

/** A connection that is dead without a word hears nothing and looks well, so that it is asked for a sign of life. */
const BEAT_MS = 15_000;
const LATE_MS = 5_000;
const CONNECT_MS = 15_000;

/**
 * Listens on one connection of its own. The driver's own way of listening does not tell when it is lost and looks for no
 * sign of life; here each attempt has a new client, so that nothing of a dead one is left.
 */
export function keepListening(channel: string, hearing: Hearing, clock: Clock, open: OpenSession): Listening {
  const closing = new AbortController();
  let isOpen = false;

  const listenOnce = async (onOpen: () => void): Promise<never> => {
    const lost = new AbortController();
    const client = open({
      onMessage: (of, payload) => {
        if (of === channel) hearing.onMessage(payload);
      },
      onClose: () => lost.abort(new Error("The connection was closed")),
    });
    const stop = () => lost.abort(closing.signal.reason);
    closing.signal.addEventListener("abort", stop);
    try {
      await within(CONNECT_MS, client`listen ${client(channel)}`, clock, lost.signal);
      onOpen();
      for (;;) {
        await clock.sleep(BEAT_MS, lost.signal);
        await within(LATE_MS, client`select 1`, clock, lost.signal);
      }
    } finally {
      isOpen = false;
      closing.signal.removeEventListener("abort", stop);
      await client.end({ timeout: 0 }).catch(() => {});
    }
  };

  const run = async () => {
    let attempt = 0;
    let isTold = false;
    const onOpen = () => {
      attempt = 0;
      isTold = false;
      isOpen = true;
      hearing.onOpen();
    };
    while (!closing.signal.aborted) {
      try {
        await listenOnce(onOpen);
      } catch (error) {
        if (closing.signal.aborted) return;
        if (!isTold) hearing.onLost(error);
        isTold = true;
      }
      await clock.sleep(reconnectDelayMs(attempt++), closing.signal).catch(() => {});
    }
  };
  const running = run();

  return {
    isOpen: () => isOpen,
    close: async () => {
      closing.abort(new Error("Nobody listens any more"));
      await running;
    },
  };
}
