import { refuseUnlessMay, toViewer } from "../../access/principal.ts";
import { AppError } from "../../errors.ts";
import type { Call, Content, McpContext } from "../call.ts";
import { answerFromWebsite } from "./answer-from-website.ts";
import type { Prompt } from "./prompt.ts";
import { summariseChanges } from "./summarise-changes.ts";

/** As `prompts/list` has it. */
export type PromptDescription = {
  name: string;
  title: string;
  description: string;
  arguments: { name: string; title: string; description: string; required: boolean }[];
};

export type PromptResult = { description: string; messages: { role: "user" | "assistant"; content: Content }[] };

const OFFERED: readonly Prompt[] = [answerFromWebsite, summariseChanges];

export const PROMPTS: readonly PromptDescription[] = OFFERED.map(({ name, title, description, arguments: taken }) => ({
  name,
  title,
  description,
  arguments: taken,
}));

const MAX_LENGTH = 2_000;

/**
 * `undefined` when there is no such prompt.
 * @throws AppError `invalid` for arguments that are missing or can't be used, `not_found`, `forbidden`
 */
export async function getPrompt(
  context: McpContext,
  name: string,
  given: Record<string, string>,
  { principal, signal }: Pick<Call, "principal" | "signal">,
): Promise<PromptResult | undefined> {
  const prompt = OFFERED.find((each) => each.name === name);
  if (!prompt) return undefined;
  refuseUnlessMay(principal, "read");
  checkArguments(prompt, given);
  const content = await prompt.write(context, toViewer(principal), given, signal);
  const messages = content.map((each) => ({ role: "user" as const, content: each }));
  return { description: prompt.description, messages };
}

function checkArguments({ name, arguments: taken }: Prompt, given: Record<string, string>): void {
  const missing = taken.filter((each) => each.required && !given[each.name]?.trim()).map((each) => each.name);
  if (missing.length > 0) throw new AppError("invalid", `The prompt ${name} needs: ${missing.join(", ")}`);
  const long = Object.entries(given).find(([, value]) => value.length > MAX_LENGTH);
  if (long) throw new AppError("invalid", `${long[0]} may be ${MAX_LENGTH} characters long at the most`);
}
