import type { Call, Content, McpContext } from "../call.ts";

/** As `prompts/list` has it. */
export type PromptDescription = {
  name: string;
  title: string;
  description: string;
  arguments: { name: string; title: string; description: string; required: boolean }[];
};

export type PromptResult = { description: string; messages: { role: "user" | "assistant"; content: Content }[] };

export const PROMPTS: readonly PromptDescription[] = [];

/**
 * `undefined` when there is no such prompt.
 * @throws AppError `invalid` for arguments that are missing or can't be used, `not_found`, `forbidden`
 */
export async function getPrompt(
  _context: McpContext,
  _name: string,
  _given: Record<string, string>,
  _call: Pick<Call, "principal" | "signal">,
): Promise<PromptResult | undefined> {
  return undefined;
}
