import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from "@modelcontextprotocol/server";
import type { App } from "../app.ts";
import { isOutage } from "../db/connection-failure.ts";
import { AppError } from "../errors.ts";

/** A failure in words that a model, and the person behind it, can act on. What is a bug of ours is logged instead. */
export function describeFailure({ log }: Pick<App, "log">, error: unknown): string {
  if (error instanceof AppError) {
    const faults = error.faults.map(({ at, message }) => `${at || "the input"} ${message}`);
    return [error.message, ...faults].join("\n");
  }
  if (isOutage(error)) return "The database can't be used at the moment; try again later";
  log.error("MCP request failed", { error });
  return "The service failed at this request; its log says why";
}

/** Runs what is no tool: its failures are errors of the protocol. */
export async function asProtocol<T>(app: Pick<App, "log">, run: () => Promise<T>, uri?: string): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    const reason = error instanceof AppError ? error.reason : undefined;
    const message = describeFailure(app, error);
    if (uri !== undefined && reason === "not_found") throw new ResourceNotFoundError(uri, message);
    const isTheirs = reason === "invalid" || reason === "not_found";
    throw new ProtocolError(isTheirs ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError, message);
  }
}
