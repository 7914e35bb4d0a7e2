import { ProtocolError } from "@modelcontextprotocol/server";
import type { McpContext } from "./call.ts";

/**
 * Tells of one operation: its time and outcome in the metrics, a span, and a line in the log. Not what it was asked with,
 * nor what came of it.
 * @param name of the tool or prompt, where there is one
 */
export async function observeOperation<Result extends object>(
  { telemetry, log }: Pick<McpContext, "telemetry" | "log">,
  method: string,
  name: string | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  const tell = (outcome: "done" | "failed" | "refused") => {
    const ms = performance.now() - startedAt;
    telemetry.observe("mcp.server.operation.duration", { method, name: name ?? "", outcome }, ms / 1_000);
    log[method === "tools/call" ? "info" : "debug"]("MCP request answered", {
      ...{ method, outcome, ms: Math.round(ms) },
      ...(name === undefined ? {} : { name }),
    });
  };
  try {
    const attributes = { "mcp.method.name": method, "gen_ai.tool.name": name };
    const result = await telemetry.span([method, name].filter(Boolean).join(" "), { attributes }, run);
    tell("isError" in result && result.isError ? "failed" : "done");
    return result;
  } catch (error) {
    tell(error instanceof ProtocolError ? "refused" : "failed");
    throw error;
  }
}
