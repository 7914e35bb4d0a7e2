import type { Principal } from "../../access/principal.ts";
import type { Call, Content, McpContext } from "../call.ts";
import type { Tool, ToolHints } from "./tool.ts";

export const TOOLS: readonly Tool[] = [];

/** As `tools/list` has it. */
export type ToolDescription = {
  name: string;
  title: string;
  description: string;
  inputSchema: { type: "object"; [key: string]: unknown };
  outputSchema: { type: "object"; [key: string]: unknown };
  annotations: ToolHints & { title: string };
};

export type ToolResult = {
  content: Content[];
  structuredContent?: Record<string, unknown>;
  isError?: true;
};

/** Those that the principal may use, always in the same order. */
export function listTools(_principal: Principal): ToolDescription[] {
  return [];
}

/**
 * Runs a tool. What the caller can act on comes as a result that is an error; `undefined` when there is no such tool.
 * @throws whatever is no `AppError`: a fault of ours, an outage, or the signal's reason
 */
export async function callTool(
  _context: McpContext,
  _name: string,
  _input: unknown,
  _call: Call,
): Promise<ToolResult | undefined> {
  return undefined;
}
