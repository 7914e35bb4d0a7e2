import type { CallToolResult, InputRequiredResult } from "@modelcontextprotocol/server";
import { Value } from "@sinclair/typebox/value";
import { may } from "../access/principal.ts";
import { AppError, type Fault } from "../errors.ts";
import { OpenQuestion } from "./asking.ts";
import { describeFailure } from "./failures.ts";
import type { Call, Tool } from "./parts.ts";

/** So many faults tell enough. */
const MAX_FAULTS = 10;

/**
 * Runs a tool. What the model can mend is told to it as the tool's answer: an error of the protocol would be seen by its
 * client alone.
 */
export async function runTool(tool: Tool, call: Call, given: unknown): Promise<CallToolResult | InputRequiredResult> {
  try {
    if (!may(call.principal, tool.permission)) {
      const lacking = `${tool.name} needs the permission ${tool.permission}, which the credential does not give`;
      throw new AppError("forbidden", lacking);
    }
    const { structured, text, more = [] } = await tool.run(call, checkInput(tool, given));
    return { content: [{ type: "text", text }, ...more], structuredContent: structured };
  } catch (error) {
    if (error instanceof OpenQuestion) return error.asked;
    // Nobody waits for an answer to what was cancelled.
    if (call.signal.aborted) throw error;
    return { content: [{ type: "text", text: describeFailure(call.app, error) }], isError: true };
  }
}

function checkInput(tool: Tool, given: unknown) {
  const input: unknown = Value.Default(tool.input, structuredClone(given));
  if (Value.Check(tool.input, input)) return input;
  const faults = new Map<string, Fault>();
  for (const { path, message } of Value.Errors(tool.input, input)) {
    if (faults.size === MAX_FAULTS) break;
    if (!faults.has(path)) faults.set(path, { at: path, message: message.toLowerCase() });
  }
  throw new AppError("invalid", `${tool.name} can't be run with this input`, { faults: [...faults.values()] });
}
