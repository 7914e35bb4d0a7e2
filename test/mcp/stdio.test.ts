import { describe, expect, test } from "bun:test";
import { Client, type JSONRPCMessage, type Transport, type VersionNegotiationMode } from "@modelcontextprotocol/client";
import type { App } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { OFFER, type Offer } from "../../src/mcp/offer.ts";
import { openPipe } from "../../src/mcp/pipe.ts";
import { serveOverPipe } from "../../src/mcp/stdio.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { SILENT } from "../../src/telemetry/telemetry.ts";

const app = { clock: systemClock, telemetry: SILENT, log: createLog("error", systemClock, () => {}) } as unknown as App;

/** The client's end of a pipe, and what serves the other. */
function openEnds(offer: Offer): { transport: Transport; served: Promise<void> } {
  const incoming = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 100 });
  const writer = incoming.writable.getWriter();
  const transport: Transport = {
    start: async () => {},
    send: (message) => writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`)),
    close: async () => {
      await writer.close().catch(() => {});
      transport.onclose?.();
    },
  };
  const write = async (text: string) => {
    transport.onmessage?.(JSON.parse(text) as JSONRPCMessage);
    return true;
  };
  const { signal } = new AbortController();
  const pipe = openPipe({ clock: systemClock, input: incoming.readable, write, signal });
  return { transport, served: serveOverPipe(app, pipe, offer) };
}

const MODES: { mode: VersionNegotiationMode }[] = [{ mode: "legacy" }, { mode: { pin: "2026-07-28" } }];

describe.each(MODES)("over a pipe, with a client of $mode", ({ mode }) => {
  test("everything is offered to whoever runs the program, and changes are told", async () => {
    const uri = "orbweaver://websites";
    let tell: Parameters<Offer["watchResources"]>[3] | undefined;
    let isLeft = false;
    const watchResources: Offer["watchResources"] = (_context, _principal, _subscriptions, listener) => {
      tell = listener;
      return () => {
        isLeft = true;
      };
    };
    const { transport, served } = openEnds({ ...OFFER, watchResources });
    const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
    const told: string[] = [];
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void told.push(params.uri));

    await client.connect(transport);
    const { tools } = await client.listTools();
    if (mode === "legacy") await client.subscribeResource({ uri });
    else await client.listen({ resourceSubscriptions: [uri] });
    tell?.({ kind: "updated", uri: "orbweaver://other" });
    tell?.({ kind: "updated", uri });
    while (told.length === 0) await Bun.sleep(1);
    await client.close();
    await served;

    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["search", "crawl"]));
    expect(told).toEqual([uri]);
    expect(isLeft).toBe(true);
  });
});
