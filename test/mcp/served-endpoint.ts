import { LOCAL_PRINCIPAL, type Principal } from "../../src/access/principal.ts";
import { createTurnstile } from "../../src/access/turnstile.ts";
import type { App } from "../../src/app.ts";
import { type Cache, createMemoryCache } from "../../src/cache.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { createMcpEndpoint, type McpEndpoint } from "../../src/mcp/http.ts";
import { OFFER, type Offer } from "../../src/mcp/offer.ts";
import type { createMcpServer } from "../../src/mcp/server.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { SILENT, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { createEverythingServer, type EverythingTool } from "./everything-server.ts";

export type ServedEndpoint = {
  url: string;
  cache: Cache;
  endpoint: McpEndpoint;
  /** Calls of the tool `wait` so far, and how each is let go; cancelled ones say so. */
  waiting: { go(): void; isCancelled: boolean }[];
  /** Tells all that listen of a change. */
  tellChange(uri?: string): void;
  post(message: object, headers?: Record<string, string>): Promise<Response>;
  /** Begins a session and gives its id. */
  begin(headers?: Record<string, string>): Promise<string>;
  stop(): Promise<void>;
};

type Options = {
  clock?: Clock;
  instances?: number;
  port?: number;
  telemetry?: Telemetry;
  /** In place of the real tools, where those are served. */
  callTool?: Offer["callTool"];
  /** Serves what there really is. */
  createServer?: typeof createMcpServer;
};

/**
 * An endpoint on a socket, whose servers do what tests want of them and need no database. The header `x-user` says who
 * asks.
 */
export function serveEndpoint({
  clock = systemClock,
  instances = 1,
  port = 0,
  telemetry = SILENT,
  callTool = OFFER.callTool,
  createServer,
}: Options = {}): ServedEndpoint {
  const live = () => instances;
  const cache = createMemoryCache(clock);
  const app = { clock, telemetry, log: createLog("error", clock, () => {}), instances: { live }, cache };
  const waiting: ServedEndpoint["waiting"] = [];
  const listeners = new Set<Parameters<Offer["watchResources"]>[3]>();
  const offer: Offer = {
    ...OFFER,
    callTool,
    watchResources: (_context, _principal, _subscriptions, tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
  };
  const tools: Record<string, EverythingTool> = {
    wait: {
      run: (_, { mcpReq: { signal } }) =>
        new Promise((resolve) => {
          const call = { isCancelled: false, go: () => resolve({ content: [{ type: "text", text: "let go" }] }) };
          signal.addEventListener("abort", () => {
            call.isCancelled = true;
            call.go();
          });
          waiting.push(call);
        }),
    },
    flood: {
      run: async (_, { mcpReq }) => {
        for (let at = 0; at < 400; at++) {
          await mcpReq.notify({
            method: "notifications/progress",
            params: { progressToken: 1, progress: at, message: "x".repeat(100_000) },
          });
        }
        return { content: [{ type: "text", text: "flooded" }] };
      },
    },
  };
  const endpoint = createMcpEndpoint(app as unknown as App, {
    scrapes: createTurnstile(0, "scrapes"),
    offer,
    createServer: createServer ?? ((...of) => createEverythingServer(...of, tools)),
  });
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port, idleTimeout: 30 },
    fetch: async (request) => {
      const body = request.method === "POST" ? await request.json().catch(() => undefined) : undefined;
      try {
        return await endpoint.answer(request, body, principalOf(request), request.signal);
      } catch (error) {
        return Response.json({ detail: (error as Error).message }, { status: 400 });
      }
    },
  });
  const url = new URL("/mcp", server.url).href;
  const post = (message: object, headers: Record<string, string> = {}) =>
    fetch(url, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(message) });
  return {
    ...{ url, cache, endpoint, waiting, post },
    tellChange: (uri) => {
      for (const tell of listeners) tell(uri === undefined ? { kind: "list" } : { kind: "updated", uri });
    },
    begin: async (headers = {}) => {
      const answer = await post(INITIALIZE, headers);
      await answer.text();
      const session = answer.headers.get("mcp-session-id") ?? "";
      if (session !== "") await post(INITIALIZED, { ...headers, "mcp-session-id": session });
      return session;
    },
    stop: async () => {
      await endpoint.close();
      await server.stop(true);
    },
  };
}

const JSON_HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

export const INITIALIZE = {
  ...{ jsonrpc: "2.0", id: 0, method: "initialize" },
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};
const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };

export const callOf = (name: string, id = 1, params: object = {}) => ({
  ...{ jsonrpc: "2.0", id, method: "tools/call" },
  params: { name, arguments: {}, ...params },
});

function principalOf({ headers }: Request): Principal {
  const userId = headers.get("x-user");
  return userId === null ? LOCAL_PRINCIPAL : { userId, keyId: headers.get("x-key"), permissions: ["read"] };
}
