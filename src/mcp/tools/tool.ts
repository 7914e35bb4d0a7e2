import type { Static, TObject } from "@sinclair/typebox";
import type { Permission } from "../../db/schema/users.ts";
import type { Call, McpContext } from "../call.ts";

/** What is told of a tool's effects; a hint to clients, which ask people by it. */
export type ToolHints = {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  /** It reaches the web, and not only what is stored. */
  openWorldHint: boolean;
};

/** What a tool answers: for programs, and the same for models. */
export type Answer<Output> = { structured: Output; text: string };

export type Tool<Input extends TObject = TObject, Output extends TObject = TObject> = {
  name: string;
  title: string;
  description: string;
  permission: Permission;
  hints: ToolHints;
  input: Input;
  output: Output;
  /** @throws AppError for what the caller can act on; it is told to the model */
  run(context: McpContext, input: Static<Input>, call: Call): Promise<Answer<Static<Output>>>;
};

/** Keeps the types of the schemas while the tool is written. */
export function defineTool<Input extends TObject, Output extends TObject>(tool: Tool<Input, Output>): Tool {
  return tool as unknown as Tool;
}
