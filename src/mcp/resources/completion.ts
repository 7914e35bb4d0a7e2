import type { Call, McpContext } from "../call.ts";

export type CompletionRequest = {
  ref: { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string };
  argument: { name: string; value: string };
  /** Arguments that are settled already. */
  settled?: Record<string, string>;
};

export type Completion = { values: string[]; total?: number; hasMore: boolean };

/** What an argument of a prompt or of a resource template may be completed to; nothing for what is not known. */
export async function complete(
  _context: McpContext,
  _request: CompletionRequest,
  _call: Pick<Call, "principal" | "signal">,
): Promise<Completion> {
  return { values: [], hasMore: false };
}
