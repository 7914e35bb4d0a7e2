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
import { FOREIGN_REDIRECT } from "./hosts.ts";
import { NO_SECTION } from "./outline.ts";
import { fence } from "./untrusted.ts";

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
  if (error instanceof AppError) return describeError(error);
  if (isOutage(error)) return "The database can't be used at the moment; try again later";
  log.error("MCP request failed", { error });
  return "The service failed at this request; its log says why";
}

/** What a caller can act on, in words. What strangers may have written of it stands between marks. */
export function describeError({ reason, code, message, faults }: AppError): string {
  const quotesStrangers = reason === "external" || reason === "unprocessable" || QUOTING.has(code);
  if (quotesStrangers) return `It failed (${code}):\n${fence(message, "error")}`;
  const told = faults.filter((fault) => !message.includes(fault.message));
  const lines = told.map((fault) => `- ${fault.at.slice(1) || "input"}: ${fault.message}`);
  return [`${message} (${code})`, ...lines].join("\n");
}

/** Errors that have headings of pages in them, or the places that these lead to. */
const QUOTING = new Set([NO_SECTION, FOREIGN_REDIRECT]);
