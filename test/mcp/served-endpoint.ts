import { LOCAL_PRINCIPAL, type Principal } from "../../src/access/principal.ts";
import type { App } from "../../src/app.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { createMcpEndpoint, type McpEndpoint } from "../../src/mcp/http.ts";
import { OFFER } from "../../src/mcp/offer.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { SILENT } from "../../src/telemetry/telemetry.ts";
import { createEverythingServer } from "./everything-server.ts";

export type ServedEndpoint = { url: URL; endpoint: McpEndpoint; stop(): Promise<void> };

/**
 * An endpoint on a socket, whose servers do what tests want of them and need no database. The header `x-user` says who
 * asks.
 */
export function serveEndpoint({ clock = systemClock, instances = 1 }: { clock?: Clock; instances?: number } = {}) {
  const live = () => instances;
  const app = { clock, telemetry: SILENT, log: createLog("error", clock, () => {}), instances: { live } };
  const endpoint = createMcpEndpoint(app as unknown as App, OFFER, createEverythingServer);
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 30 },
    fetch: async (request) => {
      const body = request.method === "POST" ? await request.json().catch(() => undefined) : undefined;
      try {
        return await endpoint.answer(request, body, principalOf(request));
      } catch (error) {
        return Response.json({ detail: (error as Error).message }, { status: 400 });
      }
    },
  });
  return {
    ...{ url: new URL("/mcp", server.url), endpoint },
    stop: async () => {
      await endpoint.close();
      await server.stop(true);
    },
  };
}

function principalOf({ headers }: Request): Principal {
  const userId = headers.get("x-user");
  return userId === null ? LOCAL_PRINCIPAL : { userId, keyId: null, permissions: ["read"] };
}
