import {
  type CallToolResult,
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
} from "@modelcontextprotocol/server";
import { isOutage } from "../db/connection-failure.ts";
import { AppError } from "../errors.ts";
import { OpenQuestion } from "./asking.ts";
import type { McpContext } from "./call.ts";

/**
 * Runs a tool. What fails in here is told to the model too: an error of the protocol would be seen by its client alone.
 */
export async function asToolResult<Result extends CallToolResult | undefined>(
  context: McpContext,
  signal: AbortSignal,
  run: () => Promise<Result>,
): Promise<Result | CallToolResult | InputRequiredResult> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof OpenQuestion) return error.asked;
    // Nobody waits for an answer to what was cancelled.
    if (signal.aborted || error instanceof ProtocolError) throw error;
    return { content: [{ type: "text", text: describeFailure(context, error) }], isError: true };
  }
}

/** Runs what is no tool: its failures are errors of the protocol. */
export async function asProtocol<T>(context: McpContext, run: () => Promise<T>, uri?: string): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    const reason = error instanceof AppError ? error.reason : undefined;
    const message = describeFailure(context, error);
    if (uri !== undefined && reason === "not_found") throw new ResourceNotFoundError(uri, message);
    const isTheirs = reason === "invalid" || reason === "not_found";
    throw new ProtocolError(isTheirs ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError, message);
  }
}

/** In words that a model, and the person behind it, can act on. What is a bug of ours is logged instead. */
function describeFailure({ log }: Pick<McpContext, "log">, error: unknown): string {
  if (error instanceof AppError) {
    const faults = error.faults.map(({ at, message }) => `${at || "the input"} ${message}`);
    return [error.message, ...faults].join("\n");
  }
  if (isOutage(error)) return "The database can't be used at the moment; try again later";
  log.error("MCP request failed", { error });
  return "The service failed at this request; its log says why";
}
