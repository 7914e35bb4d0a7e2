import { expect, test } from "bun:test";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { openPipe } from "../../src/mcp/pipe.ts";
import { createManualClock } from "../manual-clock.ts";

/** A pipe with a hand on both its ends. */
function openEnds() {
  const clock = createManualClock();
  const stop = new AbortController();
  const incoming = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 100 });
  const writer = incoming.writable.getWriter();
  const written: string[] = [];
  const received: JSONRPCMessage[] = [];
  const ends = { isRead: true };
  const write = async (text: string) => {
    if (ends.isRead) written.push(text);
    return ends.isRead;
  };
  const pipe = openPipe({ clock, input: incoming.readable, write, signal: stop.signal });
  pipe.onmessage = (message) => void received.push(message);
  const encoder = new TextEncoder();
  const say = (part: string | Uint8Array) => writer.write(typeof part === "string" ? encoder.encode(part) : part);
  return { pipe, clock, stop, written, received, ends, say, end: () => writer.close() };
}

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

test("messages are lines, wherever their bytes are parted", async () => {
  const { pipe, received, say, end } = openEnds();
  await pipe.start();

  const text = '{"jsonrpc":"2.0","method":"é🙂"}\r\n\n{"jsonrpc":"2.0","method":"b"}';
  for (const byte of new TextEncoder().encode(text)) await say(Uint8Array.of(byte));
  await end();
  await pipe.closed;

  expect(received.map((message) => "method" in message && message.method)).toEqual(["é🙂", "b"]);
});

test("a line that is no message is answered, and the next one is read", async () => {
  const { pipe, received, written, say, end } = openEnds();
  await pipe.start();

  await say(`nonsense\n{"a":1}\n${PING}\n`);
  await pipe.send({ jsonrpc: "2.0", id: 1, result: {} });
  await end();
  await pipe.closed;

  expect(received).toHaveLength(1);
  expect(written.map((line) => JSON.parse(line).error?.code ?? "answered").sort()).toEqual([
    -32700,
    -32700,
    "answered",
  ]);
});

test("what was asked before the end is answered before the pipe closes", async () => {
  const { pipe, written, say, end } = openEnds();
  await pipe.start();
  await say(`${PING}\n`);
  await end();

  await pipe.send({ jsonrpc: "2.0", id: 1, result: { late: true } });
  await pipe.closed;

  expect(written).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"late":true}}\n']);
});

test("an answer that takes too long after the end is not waited for, nor one that was cancelled", async () => {
  const late = openEnds();
  await late.pipe.start();
  await late.say(`${PING}\n`);
  await late.end();
  await late.clock.advance(10_000);
  await late.pipe.closed;

  const cancelled = openEnds();
  await cancelled.pipe.start();
  await cancelled.say(`${PING}\n{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n`);
  await cancelled.end();
  await cancelled.pipe.closed;

  expect(late.written).toEqual([]);
});

test("a signal closes it at once, and so does a reader that has gone", async () => {
  const told = openEnds();
  await told.pipe.start();
  await told.say(`${PING}\n`);
  told.stop.abort();
  await told.pipe.closed;

  const unread = openEnds();
  await unread.pipe.start();
  unread.ends.isRead = false;
  await unread.pipe.send({ jsonrpc: "2.0", method: "anything" });
  await unread.pipe.closed;

  expect(unread.written).toEqual([]);
});

test("a line without an end closes it before it fills the memory", async () => {
  const { pipe, say } = openEnds();
  const errors: string[] = [];
  pipe.onerror = ({ message }) => void errors.push(message);
  await pipe.start();

  const part = "x".repeat(1_000_000);
  for (let at = 0; at < 11; at++) await say(part);
  await pipe.closed;

  expect(errors).toEqual(["A line has more than 10000000 characters"]);
});
