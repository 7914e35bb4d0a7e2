import { Elysia } from "elysia";
import type { Turnstile } from "../access/turnstile.ts";
import type { App } from "../app.ts";
import { AppError } from "../errors.ts";
import type { McpEndpoint } from "../mcp/http.ts";
import { type CorsPolicy, isForeign } from "./cors.ts";
import { permissions } from "./permissions.ts";
import { HttpError } from "./problems.ts";
import { principalOf, signalOf } from "./request-context.ts";

export const MCP_PATH = "/mcp";

type Surroundings = { cors: CorsPolicy; closing: AbortSignal; scrapes: Turnstile };

/**
 * The Model Context Protocol, beside the REST API and behind the same keys and limits. It is loaded with the first client
 * that asks for it.
 */
export const mcpApi = (app: App, { cors, closing, scrapes }: Surroundings) => {
  let opening: Promise<McpEndpoint> | undefined;
  const open = async (): Promise<McpEndpoint> => {
    const { createMcpEndpoint } = await import("../mcp/http.ts");
    refuseIfStopping(closing);
    const endpoint = createMcpEndpoint(app, { scrapes });
    closing.addEventListener("abort", () => void endpoint.close(), { once: true });
    return endpoint;
  };
  const answer = async ({ request, body }: { request: Request; body?: unknown }): Promise<Response> => {
    refuseForeignOrigin(request, cors);
    refuseIfStopping(closing);
    if (request.method === "HEAD") {
      throw new HttpError(405, "method_not_allowed", `${MCP_PATH} does not take HEAD`, { allow: "GET, POST, DELETE" });
    }
    opening ??= open();
    const endpoint = await opening;
    return endpoint.answer(request, body, principalOf(request), signalOf(request));
  };
  return new Elysia({ detail: { hide: true } })
    .use(permissions)
    .post(MCP_PATH, answer, { permission: "read" })
    .get(MCP_PATH, answer, { permission: "read" })
    .delete(MCP_PATH, answer, { permission: "read" });
};

function refuseIfStopping({ aborted }: AbortSignal): void {
  if (aborted) throw new AppError("unavailable", "The service is stopping");
}

/** The protocol asks for it of every server, against pages whose host's name comes to mean this machine. */
function refuseForeignOrigin(request: Request, cors: CorsPolicy): void {
  if (!isForeign(request, cors)) return;
  const mend = "name their origin in CORS_ORIGINS to let them";
  throw new HttpError(403, "foreign_origin", `Pages of other websites may not use this service; ${mend}`);
}
