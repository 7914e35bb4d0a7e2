import type { EventStore, JSONRPCMessage } from "@modelcontextprotocol/server";

/** Characters that all sessions of a process may keep together, and that one of them may; the oldest go first. */
const LIMITS = { all: 16_000_000, session: 1_000_000 };

/** What a session has sent, by event id, oldest first. */
type Sent = { events: Map<string, Kept>; size: number };
type Kept = { id: string; stream: string; message: string; sent: Sent };

/** Keeps what was sent for a while, so that a client whose connection broke off gets what it missed. */
export type EventMemory = {
  /** What one session sends; its ids mean nothing in another. */
  openStore(): EventStore & { forget(): void };
  /** Characters kept, of all sessions. */
  size(): number;
};

export function createEventMemory(limits = LIMITS): EventMemory {
  // Of all sessions, oldest first.
  const kept = new Set<Kept>();
  let size = 0;

  const drop = (event: Kept) => {
    if (!kept.delete(event)) return;
    event.sent.events.delete(event.id);
    event.sent.size -= event.message.length;
    size -= event.message.length;
  };
  const dropWhile = (events: Iterable<Kept>, isTooMuch: () => boolean) => {
    for (const event of events) {
      if (!isTooMuch()) return;
      drop(event);
    }
  };

  const openStore = () => {
    const sent: Sent = { events: new Map(), size: 0 };
    let count = 0;
    return {
      storeEvent: async (stream: string, content: JSONRPCMessage) => {
        const event = { id: `${stream}_${++count}`, stream, message: JSON.stringify(content), sent };
        sent.events.set(event.id, event);
        kept.add(event);
        sent.size += event.message.length;
        size += event.message.length;
        dropWhile(sent.events.values(), () => sent.size > limits.session);
        dropWhile(kept, () => size > limits.all);
        return event.id;
      },
      // What came after an event that is kept no longer may be gone as well: rather no way back than one with a gap.
      getStreamIdForEventId: async (id: string) => sent.events.get(id)?.stream,
      replayEventsAfter: async (id: string, { send }: Parameters<EventStore["replayEventsAfter"]>[1]) => {
        const last = sent.events.get(id);
        if (!last) throw new Error("The event is kept no longer");
        const events = [...sent.events.values()];
        for (const { id: next, stream, message } of events.slice(events.indexOf(last) + 1)) {
          if (stream === last.stream && message !== BEGINNING) await send(next, JSON.parse(message) as JSONRPCMessage);
        }
        return last.stream;
      },
      forget: () => dropWhile(sent.events.values(), () => true),
    };
  };
  return { openStore, size: () => size };
}

/** An event without a message, which only gives a stream the id that it can be resumed by. */
const BEGINNING = "{}";
