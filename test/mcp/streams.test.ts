import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { announceChange } from "../../src/access/announcements.ts";
import type { Call } from "../../src/mcp/call.ts";
import type { Offer } from "../../src/mcp/offer.ts";
import { createMcpServer } from "../../src/mcp/server.ts";
import { createManualClock } from "../manual-clock.ts";
import { callOf, type ServedEndpoint, serveEndpoint } from "./served-endpoint.ts";

let served: ServedEndpoint | undefined;
afterEach(async () => {
  await served?.stop();
  served = undefined;
});

type Event = { id: string; message: Record<string, unknown> | undefined };

/** Reads events until there are so many, and leaves. */
async function readEvents(answer: Response, count: number): Promise<Event[]> {
  const events: Event[] = [];
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string) =>
        lines
          .find((line) => line.startsWith(name))
          ?.slice(name.length)
          .trim();
      const data = field("data:");
      if (data === undefined) continue;
      events.push({ id: field("id:") ?? "", message: data === "" ? undefined : JSON.parse(data) });
      if (events.length === count) return events;
    }
  }
  return events;
}

const MODERN = { "mcp-protocol-version": "2026-07-28" };
const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A request of the newest revision to be told of changes. */
const listenOf = (headers: Record<string, string> = {}): [message: object, headers: Record<string, string>] => [
  {
    ...{ jsonrpc: "2.0", id: "l", method: "subscriptions/listen" },
    params: {
      notifications: { resourcesListChanged: true },
      _meta: MODERN_META,
    },
  },
  { ...headers, ...MODERN, "mcp-method": "subscriptions/listen" },
];

const listen = (url: string, session: string, lastEventId?: string, headers: Record<string, string> = {}) =>
  fetch(url, {
    headers: {
      ...headers,
      accept: "text/event-stream",
      "mcp-session-id": session,
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    },
  });

test("a call whose connection breaks off is gone on with, and its answer is fetched afterwards", async () => {
  served = serveEndpoint();
  const session = await served.begin();
  const broken = await served.post(callOf("wait"), { "mcp-session-id": session });
  const [beginning] = await readEvents(broken, 1);
  served.waiting[0]?.go();

  const resumed = await listen(served.url, session, beginning?.id);
  const events = await readEvents(resumed, 1);

  expect(beginning?.message).toBeUndefined();
  expect(served.waiting[0]?.isCancelled).toBe(false);
  expect(events).toMatchObject([{ message: { id: 1, result: { content: [{ text: "let go" }] } } }]);
});

test("what was missed of a stream is not sent on another, nor twice", async () => {
  served = serveEndpoint();
  const session = await served.begin();
  const progress = { _meta: { progressToken: "p" } };
  const answer = await served.post(callOf("test_tool_with_progress", 5, progress), { "mcp-session-id": session });
  await (await served.post(callOf("test_simple_text", 6), { "mcp-session-id": session })).text();
  const events = await readEvents(answer, 5);

  const resumed = await listen(served.url, session, events[1]?.id);
  const again = await readEvents(resumed, 9);

  expect(events.map(({ message }) => message?.method ?? message?.id)).toEqual([
    undefined,
    "notifications/progress",
    "notifications/progress",
    "notifications/progress",
    5,
  ]);
  expect(again).toEqual(events.slice(2));
});

test("an event that is not known, or another session's, is a 400", async () => {
  served = serveEndpoint();
  const [session, other] = [await served.begin(), await served.begin()];
  const [event] = await readEvents(await served.post(callOf("test_simple_text"), { "mcp-session-id": other }), 1);

  const unknown = await listen(served.url, session, "nonsense_1");
  const foreign = await listen(served.url, session, event?.id);

  expect([unknown.status, foreign.status]).toEqual([400, 400]);
});

test("a client that cancels a call has it aborted", async () => {
  served = serveEndpoint();
  const session = await served.begin();
  const calling = await served.post(callOf("wait", 3), { "mcp-session-id": session });

  const params = { requestId: 3, reason: "no longer wanted" };
  await served.post({ jsonrpc: "2.0", method: "notifications/cancelled", params }, { "mcp-session-id": session });

  expect(served.waiting[0]?.isCancelled).toBe(true);
  await calling.body?.cancel();
});

test("who listens is told of changes, of resources only where it asked for them", async () => {
  served = serveEndpoint();
  const session = await served.begin();
  const stream = await listen(served.url, session);
  const second = await listen(served.url, session);

  served.tellChange();
  const [event] = await readEvents(stream, 1);

  expect(second.status).toBe(409);
  expect(event?.message).toMatchObject({ method: "notifications/resources/list_changed" });
});

test.each([{ userId: "ada" }, { keyId: "adas-key" }])("who may no more %o is told nothing more", async (change) => {
  served = serveEndpoint();
  const ada = { "x-user": "ada", "x-key": "adas-key" };
  const bob = { "x-user": "bob" };
  const session = await served.begin(ada);
  const others = await served.begin(bob);
  const stream = await listen(served.url, session, undefined, ada);
  const calling = await served.post(callOf("wait", 3), { ...ada, "mcp-session-id": session });
  const modern = await served.post(...listenOf(ada));
  const kept = await listen(served.url, others, undefined, bob);

  await announceChange(served.cache, change);
  const ends = await Promise.all([stream.text(), calling.text(), modern.text()]);
  served.tellChange();
  const [event] = await readEvents(kept, 1);
  const again = await served.post(callOf("test_simple_text", 4), { ...ada, "mcp-session-id": session });

  expect(ends.join("")).not.toContain("list_changed");
  expect(served.waiting[0]?.isCancelled).toBe(true);
  expect(event?.message).toMatchObject({ method: "notifications/resources/list_changed" });
  expect(again.status).toBe(404);
});

test("who listens for half an hour must come again, and say anew who it is", async () => {
  const clock = createManualClock();
  served = serveEndpoint({ clock });
  const session = await served.begin();
  const stream = await listen(served.url, session);
  const modern = await served.post(...listenOf());
  const calling = await served.post(callOf("wait", 3), { "mcp-session-id": session });

  await clock.advance(31 * 60_000);
  await Promise.all([stream.text(), modern.text()]);
  served.waiting[0]?.go();

  expect(await calling.text()).toContain("let go");
  expect((await listen(served.url, session)).status).toBe(200);
});

describe("a call is withdrawn", () => {
  const calls: Call[] = [];
  const callTool: Offer["callTool"] = (_context, _name, _input, call) => {
    calls.push(call);
    return new Promise((_, reject) => call.signal.addEventListener("abort", () => reject(call.signal.reason)));
  };
  const begin = async (isModern: boolean) => {
    calls.length = 0;
    served = serveEndpoint({ callTool, createServer: createMcpServer });
    const ada = { "x-user": "ada" };
    const session = isModern ? "" : await served.begin(ada);
    const leaving = new AbortController();
    const headers: Record<string, string> = isModern
      ? { ...MODERN, "mcp-method": "tools/call", "mcp-name": "search" }
      : { "mcp-session-id": session };
    const message = callOf("search", 7, isModern ? { _meta: MODERN_META } : {});
    const answer = await fetch(served.url, {
      method: "POST",
      headers: {
        ...ada,
        ...headers,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify(message),
      signal: leaving.signal,
    });
    const reading = answer.text().catch(() => "");
    while (calls.length === 0) await Bun.sleep(1);
    return { served, headers: { ...ada, ...headers }, leaving, reading };
  };
  const isWithdrawn = async () => {
    while (calls[0]?.signal.aborted !== true) await Bun.sleep(1);
    return calls[0].isWithdrawn();
  };

  test("by a client that says so", async () => {
    const { served, headers } = await begin(false);

    await served.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } }, headers);

    expect(await isWithdrawn()).toBe(true);
  });

  test("by a newer client that leaves", async () => {
    const { leaving, reading } = await begin(true);

    leaving.abort();
    await reading;

    expect(await isWithdrawn()).toBe(true);
  });

  test.each([false, true])("not by the end of what its client may do (newer client: %p)", async (isModern) => {
    const { served, reading } = await begin(isModern);

    await announceChange(served.cache, { userId: "ada" });
    await reading;

    expect(await isWithdrawn()).toBe(false);
  });
});

test("a reader that does not read is cut off, and the service keeps only so much for it", async () => {
  served = serveEndpoint();
  const session = await served.begin();
  const { hostname, port } = new URL(served.url);
  const socket = connect({ host: hostname, port: Number(port) });
  const body = JSON.stringify(callOf("flood", 1, { _meta: { progressToken: 1 } }));
  socket.write(
    `POST /mcp HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\nmcp-session-id: ${session}\r\n` +
      `accept: application/json, text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  socket.pause();

  // Forty megabytes are made; the flood is over when another call is answered after it.
  await Bun.sleep(0);
  const answer = await served.post(callOf("test_simple_text", 2), { "mcp-session-id": session });
  const text = await answer.text();
  let received = 0;
  const ended = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (chunk.subarray(-7).toString() === "\r\n0\r\n\r\n") resolve();
    });
  });
  socket.resume();
  await ended;
  socket.destroy();

  expect(text).toContain("simple text");
  expect(received).toBeLessThan(25_000_000);
});

test("when the service stops, streams end at once and calls have a moment to end by themselves", async () => {
  const clock = createManualClock();
  served = serveEndpoint({ clock });
  const session = await served.begin();
  const listening = await listen(served.url, session);
  const quick = await served.post(callOf("wait", 1), { "mcp-session-id": session });
  const slow = await served.post(callOf("wait", 2), { "mcp-session-id": session });

  const closing = served.endpoint.close();
  await listening.text();
  served.waiting[0]?.go();
  const answered = await quick.text();
  await clock.advance(5_000);
  await closing;

  expect(answered).toContain("let go");
  expect(await slow.text()).not.toContain("result");
  expect(served.waiting[1]?.isCancelled).toBe(true);
});
