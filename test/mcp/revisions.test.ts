import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Client, StreamableHTTPClientTransport, type VersionNegotiationMode } from "@modelcontextprotocol/client";
import { type ServedEndpoint, serveEndpoint } from "./served-endpoint.ts";

/** Clients of both kinds, each with a person who is asked. */
const REVISIONS: { revision: string; mode: VersionNegotiationMode }[] = [
  { revision: "2025-11-25", mode: "legacy" },
  { revision: "2026-07-28", mode: { pin: "2026-07-28" } },
];

describe.each(REVISIONS)("a client of $revision", ({ revision, mode }) => {
  let served: ServedEndpoint;
  let client: Client;
  let answer: { action: "accept" | "decline"; content?: Record<string, string> };
  const told: (string | undefined)[] = [];
  beforeAll(async () => {
    served = serveEndpoint();
    client = new Client(
      { name: "test", version: "1" },
      { versionNegotiation: { mode }, capabilities: { elicitation: {} } },
    );
    client.setRequestHandler("elicitation/create", () => answer);
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void told.push(params.uri));
    await client.connect(new StreamableHTTPClientTransport(new URL(served.url)));
  });
  afterAll(async () => {
    await client.close();
    await served.stop();
  });

  test("speaks that revision, and calls tools", async () => {
    const result = await client.callTool({ name: "test_simple_text", arguments: {} });

    expect(client.getNegotiatedProtocolVersion()).toBe(revision);
    expect(result.content).toEqual([{ type: "text", text: "This is a simple text response for testing." }]);
  });

  test("has its person asked, and the tool goes on with what they say", async () => {
    answer = { action: "accept", content: { username: "ann", email: "ann@example.com" } };
    const accepted = await client.callTool({ name: "test_elicitation", arguments: { message: "Who?" } });
    answer = { action: "decline" };
    const declined = await client.callTool({ name: "test_elicitation", arguments: { message: "Who?" } });

    expect(JSON.stringify(accepted.content)).toContain("ann@example.com");
    expect(JSON.stringify(declined.content)).toContain("decline");
  });

  test("is told of progress while a call lasts", async () => {
    const progress: number[] = [];

    await client.callTool(
      { name: "test_tool_with_progress", arguments: {} },
      { onprogress: ({ progress: done }) => void progress.push(done) },
    );

    expect(progress).toEqual([0, 50, 100]);
  });

  test("cancels a call, which is then aborted", async () => {
    const cancel = new AbortController();
    const before = served.waiting.length;
    const call = client.callTool({ name: "wait", arguments: {} }, { signal: cancel.signal });
    while (served.waiting.length === before) await Bun.sleep(1);

    cancel.abort();

    await expect(call).rejects.toThrow();
    while (!served.waiting[before]?.isCancelled) await Bun.sleep(1);
  });

  test("hears of the resources that it asked to hear of, and of no others", async () => {
    const uri = "test://static-text";
    if (mode === "legacy") await client.subscribeResource({ uri });
    else await client.listen({ resourceSubscriptions: [uri] });

    served.tellChange("test://other");
    while (told.length === 0) {
      served.tellChange(uri);
      await Bun.sleep(1);
    }

    expect(new Set(told)).toEqual(new Set([uri]));
  });
});
