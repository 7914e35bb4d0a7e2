import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createMcpServer } from "../../src/mcp/server.ts";
import { SILENT, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { callOf, INITIALIZE, type ServedEndpoint, serveEndpoint } from "./served-endpoint.ts";

const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };

describe("a session", () => {
  let clock: ManualClock;
  let served: ServedEndpoint;
  beforeAll(() => {
    clock = createManualClock();
    served = serveEndpoint({ clock });
  });
  afterAll(async () => {
    const stopped = served.stop();
    await clock.advance(5_000);
    await stopped;
  });

  test("is begun by the first request and goes on under its id", async () => {
    const session = await served.begin();

    const answer = await served.post(LIST, { "mcp-session-id": session });

    expect(session).toMatch(/^[\x21-\x7e]{20,}$/);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(await answer.text()).toContain('"tools":[');
  });

  test("is nobody else's: to others it is not there", async () => {
    const session = await served.begin({ "x-user": "ann" });
    const asBob = { "x-user": "bob", "mcp-session-id": session };

    const posted = await served.post(LIST, asBob);
    const listened = await fetch(served.url, { headers: { accept: "text/event-stream", ...asBob } });
    const ended = await fetch(served.url, { method: "DELETE", headers: asBob });
    const own = await served.post(LIST, { "x-user": "ann", "mcp-session-id": session });

    expect([posted.status, listened.status, ended.status, own.status]).toEqual([404, 404, 404, 200]);
    expect(await posted.json()).toMatchObject({ id: 1, error: { code: -32001 } });
    await own.text();
  });

  test("that is unknown is a 404, whatever its id looks like", async () => {
    for (const id of ["nonsense", crypto.randomUUID(), "x".repeat(8_000)]) {
      const answer = await served.post(LIST, { "mcp-session-id": id });

      expect(answer.status).toBe(404);
    }
  });

  test("ends when the client says so", async () => {
    const session = await served.begin();

    const ended = await fetch(served.url, { method: "DELETE", headers: { "mcp-session-id": session } });
    const after = await served.post(LIST, { "mcp-session-id": session });

    expect([ended.status, after.status]).toEqual([200, 404]);
  });

  test("ends after half an hour without a request, and not while a stream of it is open", async () => {
    const idle = await served.begin();
    const listening = await served.begin();
    const stream = await fetch(served.url, { headers: { accept: "text/event-stream", "mcp-session-id": listening } });

    await clock.advance(32 * 60_000);
    const statuses = [];
    for (const session of [idle, listening]) {
      const answer = await served.post(LIST, { "mcp-session-id": session });
      await answer.text();
      statuses.push(answer.status);
    }

    expect(stream.status).toBe(200);
    expect(statuses).toEqual([404, 200]);
    await stream.body?.cancel();
  });

  test("gives way, unless it is at work, when its owner begins more than a hundred", async () => {
    const busy = await served.begin({ "x-user": "many" });
    const calling = await served.post(callOf("wait"), { "x-user": "many", "mcp-session-id": busy });
    const sessions = [];
    for (let at = 0; at < 120; at++) sessions.push(await served.begin({ "x-user": "many" }));

    const statuses = [];
    for (const session of [busy, sessions[0], sessions.at(-1)]) {
      const answer = await served.post(
        { jsonrpc: "2.0", id: 2, method: "ping" },
        { "x-user": "many", "mcp-session-id": session ?? "" },
      );
      await answer.text();
      statuses.push(answer.status);
    }
    served.waiting.at(-1)?.go();

    expect(await calling.text()).toContain("let go");
    expect(statuses).toEqual([200, 404, 200]);
  });

  test("hears of so many resources, of names that are none too long", async () => {
    const session = await served.begin();
    const subscribe = async (uri: string) => {
      const message = { jsonrpc: "2.0", id: 1, method: "resources/subscribe", params: { uri } };
      return (await served.post(message, { "mcp-session-id": session })).text();
    };

    const long = await subscribe(`https://docs.example.com/${"x".repeat(10_000)}`);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => subscribe(`https://docs.example.com/${at}`)),
    );
    const tooMany = await subscribe("https://docs.example.com/one-more");

    expect(long).toContain('"error"');
    expect(answers.filter((answer) => answer.includes('"error"'))).toEqual([]);
    expect(tooMany).toContain("200 resources are subscribed to");
  });

  test("takes no second first request, and no revision that nobody knows", async () => {
    const session = await served.begin();

    const again = await served.post(INITIALIZE, { "mcp-session-id": session });
    const unknown = await served.post(LIST, { "mcp-session-id": session, "mcp-protocol-version": "1999-01-01" });

    expect([again.status, unknown.status]).toEqual([400, 400]);
    expect(await unknown.text()).toContain("2025-11-25");
  });

  test("agrees on a revision of its own with a client that names none that is known", async () => {
    const message = { ...INITIALIZE, params: { ...INITIALIZE.params, protocolVersion: "2031-01-01" } };

    const answer = await served.post(message, { accept: "application/json" });

    expect(await answer.json()).toMatchObject({ result: { protocolVersion: "2025-11-25" } });
  });

  test("lets 32 calls of one owner run at a time, of all sessions", async () => {
    const headers = { "x-user": "eager" };
    const [one, other] = [await served.begin(headers), await served.begin(headers)];
    const before = served.waiting.length;
    const calls = [];
    for (let id = 1; id <= 32; id++) {
      calls.push(await served.post(callOf("wait", id), { ...headers, "mcp-session-id": id % 2 ? one : other }));
    }

    const refused = await served.post(callOf("wait", 99), { ...headers, "mcp-session-id": one });
    const text = await refused.text();
    for (const call of served.waiting.slice(before)) call.go();
    for (const call of calls) await call.text();

    expect(text).toContain("32 calls of yours are under way");
    expect(served.waiting.length - before).toBe(32);
  });
});

test("names that clients think up are not counted by, whatever becomes of the call", async () => {
  const counted: string[] = [];
  const telemetry = {
    ...SILENT,
    observe: (_: string, labels: { name?: string }) => void counted.push(labels.name ?? ""),
  };
  const served = serveEndpoint({ telemetry: telemetry as Telemetry, createServer: createMcpServer });
  const call = (name: string) => served.post(callOf(name), { accept: "application/json" }).then((each) => each.text());

  await Promise.all(["invented", "search", ...Array.from({ length: 40 }, (_, at) => `invented-${at}`)].map(call));
  await served.stop();

  expect(counted).toHaveLength(42);
  expect([...new Set(counted)].sort()).toEqual(["", "search"]);
});

describe("what is no message", () => {
  let served: ServedEndpoint;
  beforeAll(() => {
    served = serveEndpoint();
  });
  afterAll(() => served.stop());

  test("is refused: batches, texts, numbers, nothing", async () => {
    for (const body of ["[]", JSON.stringify([LIST, LIST]), '"text"', "7", "null", "", "{"]) {
      const headers = { "content-type": "application/json", accept: "application/json" };
      const answer = await fetch(served.url, { method: "POST", headers, body });

      expect([body, answer.status]).toEqual([body, 400]);
    }
  });

  test("is refused also when it is an object", async () => {
    for (const message of [{}, { jsonrpc: "1.0", id: 1, method: "ping" }, { jsonrpc: "2.0" }]) {
      const answer = await served.post(message);

      expect(answer.status).toBe(400);
    }
  });
});

test("a client that takes no event streams gets JSON, and needs no session", async () => {
  const served = serveEndpoint();

  const listed = await served.post(LIST, { accept: "*/*" });
  const called = await served.post(callOf("test_tool_with_progress", 7, { _meta: { progressToken: 1 } }), {
    accept: "application/json",
  });

  expect(listed.headers.get("content-type")).toStartWith("application/json");
  expect(await called.json()).toMatchObject({ id: 7, result: { content: [{ text: "Done" }] } });
  await served.stop();
});

test("where several instances serve the API there are no sessions, and each request stands for itself", async () => {
  const [one, other] = [serveEndpoint({ instances: 2 }), serveEndpoint({ instances: 2 })];

  const session = await one.begin();
  const answer = await other.post(LIST);

  expect(session).toBe("");
  expect(await answer.text()).toContain('"tools":[');
  await Promise.all([one.stop(), other.stop()]);
});
