import { afterEach, expect, test } from "bun:test";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { systemClock } from "../../src/clock.ts";
import { bridge } from "../../src/mcp/bridge.ts";
import { openPipe } from "../../src/mcp/pipe.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createFastClock } from "../testing/apps.ts";
import { callOf, INITIALIZE, type ServedEndpoint, serveEndpoint } from "./served-endpoint.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function serve(port = 0): ServedEndpoint {
  const served = serveEndpoint({ port });
  closers.push(served.stop);
  return served;
}

/** A client at one end of a pipe, the bridge to a service at the other. */
function openBridge(url: string, key?: string) {
  const incoming = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 100 });
  const writer = incoming.writable.getWriter();
  const lines: string[] = [];
  const write = async (text: string) => lines.push(text) > 0;
  const clock = createFastClock(10);
  const signal = new AbortController().signal;
  const pipe = openPipe({ clock, input: incoming.readable, write, signal });
  const log = createLog("error", systemClock, () => {});
  const ended = bridge({ clock, log, url: new URL(url), key, pipe });
  const say = (message: object) => writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  const end = async () => {
    await writer.close().catch(() => {});
    await ended;
  };
  closers.push(end);
  const answerTo = async (id: number): Promise<JSONRPCMessage> => {
    for (;;) {
      const found = lines.map((line) => JSON.parse(line)).find((message) => message.id === id && !message.method);
      if (found) return found;
      await Bun.sleep(2);
    }
  };
  return { say, answerTo, lines, end };
}

const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };

test("what a client says reaches the service, and its answers come back in the client's session", async () => {
  const served = serve();
  const { say, answerTo, end } = openBridge(served.url);

  // All at once, as some clients do: what follows waits for the session.
  await say(INITIALIZE);
  await say(INITIALIZED);
  await say(callOf("test_simple_text", 1));
  const [begun, called] = [await answerTo(0), await answerTo(1)];
  await end();

  expect(begun).toMatchObject({ result: { serverInfo: { name: "orbweaver" } } });
  expect(called).toMatchObject({ result: { content: [{ type: "text" }] } });
});

test("a session that the service has forgotten is begun anew, unseen by the client", async () => {
  const first = serve();
  const { say, answerTo, lines } = openBridge(first.url);
  await say(INITIALIZE);
  await answerTo(0);
  await say(INITIALIZED);
  await say(callOf("wait", 1));
  while (first.waiting.length === 0) await Bun.sleep(2);
  const port = Number(new URL(first.url).port);

  await first.stop();
  const second = serve(port);
  await Promise.all([say(callOf("test_simple_text", 2)), say(callOf("test_simple_text", 3))]);
  const answers = [await answerTo(2), await answerTo(3)];
  const lost = await answerTo(1);

  expect(second.url).toBe(first.url);
  expect(answers).toMatchObject([{ result: {} }, { result: {} }]);
  expect(lost).toMatchObject({ error: { code: -32000 } });
  expect(lines.filter((line) => line.includes("serverInfo"))).toHaveLength(1);
});

test("a service that can't be reached, or refuses the key, is an error of the protocol", async () => {
  const unreachable = openBridge("http://127.0.0.1:9/mcp");
  const refusing = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0 },
    fetch: () => Response.json({ detail: "No" }, { status: 401 }),
  });
  closers.push(() => refusing.stop(true));
  const refused = openBridge(new URL("/mcp", refusing.url).href, "ow_live_very_secret");

  await Promise.all([unreachable.say(INITIALIZE), refused.say(INITIALIZE)]);
  const [first, second] = [await unreachable.answerTo(0), await refused.answerTo(0)];

  expect(JSON.stringify(first)).toContain("can't be reached");
  expect(JSON.stringify(second)).toContain("does not take the key");
  expect(JSON.stringify(second)).not.toContain("very_secret");
});

test("the key goes with every request, and a session is ended with the pipe", async () => {
  const seen: [string, string | null][] = [];
  const served = serve();
  const proxy = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 30 },
    fetch: (request) => {
      seen.push([request.method, request.headers.get("authorization")]);
      return fetch(served.url, { method: request.method, headers: request.headers, body: request.body });
    },
  });
  closers.push(() => proxy.stop(true));
  const { say, answerTo, end } = openBridge(new URL("/mcp", proxy.url).href, "ow_live_k");

  await say(INITIALIZE);
  await answerTo(0);
  await say(INITIALIZED);
  await say(callOf("test_simple_text", 1));
  await answerTo(1);
  await end();

  expect(seen.map(([method]) => method)).toEqual(expect.arrayContaining(["POST", "GET", "DELETE"]));
  expect(new Set(seen.map(([, key]) => key))).toEqual(new Set(["Bearer ow_live_k"]));
});
