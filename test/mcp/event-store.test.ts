import { expect, test } from "bun:test";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { createEventMemory } from "../../src/mcp/event-store.ts";

const message = (text: string): JSONRPCMessage => ({ jsonrpc: "2.0", method: text });

async function replay(store: ReturnType<ReturnType<typeof createEventMemory>["openStore"]>, id: string) {
  const sent: string[] = [];
  await store.replayEventsAfter(id, {
    send: async (_id, replayed) => {
      if ("method" in replayed) sent.push(replayed.method);
    },
  });
  return sent;
}

test("what came after an event is sent again in its order, of its stream alone", async () => {
  const store = createEventMemory().openStore();
  const first = await store.storeEvent("a", message("a1"));
  await store.storeEvent("b", message("b1"));
  await store.storeEvent("a", message("a2"));
  await store.storeEvent("a", message("a3"));

  expect(await store.getStreamIdForEventId?.(first)).toBe("a");
  expect(await replay(store, first)).toEqual(["a2", "a3"]);
});

test("a session keeps only so much, and what it has given up can't be resumed from", async () => {
  const store = createEventMemory({ all: 10_000, session: 1_000 }).openStore();
  const ids = [];
  for (let at = 0; at < 20; at++) ids.push(await store.storeEvent("a", message(`${at} ${"x".repeat(200)}`)));
  const [first = "", last = ""] = [ids[0], ids.at(-1)];

  expect(await store.getStreamIdForEventId?.(first)).toBeUndefined();
  expect(await store.getStreamIdForEventId?.(last)).toBe("a");
  expect(replay(store, first)).rejects.toThrow("no longer");
});

test("all sessions together keep only so much: the oldest goes, whosever it is", async () => {
  const memory = createEventMemory({ all: 1_000, session: 900 });
  const [one, other] = [memory.openStore(), memory.openStore()];
  const old = await one.storeEvent("a", message("x".repeat(400)));
  await other.storeEvent("b", message("x".repeat(400)));
  const fresh = await other.storeEvent("b", message("x".repeat(400)));

  expect(await one.getStreamIdForEventId?.(old)).toBeUndefined();
  expect(await other.getStreamIdForEventId?.(fresh)).toBe("b");
  expect(memory.size()).toBeLessThanOrEqual(1_000);
});

test("what a session that ended has kept is given back", async () => {
  const memory = createEventMemory();
  const [one, other] = [memory.openStore(), memory.openStore()];
  await one.storeEvent("a", message("one"));
  const kept = await other.storeEvent("b", message("other"));

  one.forget();

  expect(memory.size()).toBe(JSON.stringify(message("other")).length);
  expect(await other.getStreamIdForEventId?.(kept)).toBe("b");
});
