import type { Principal } from "../access/principal.ts";
import type { Call, McpContext } from "./call.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { getPrompt, PROMPTS, type PromptDescription, type PromptResult } from "./prompts/prompts.ts";
import { type Completion, type CompletionRequest, complete } from "./resources/completion.ts";
import {
  listResources,
  RESOURCE_TEMPLATES,
  type ResourceContents,
  type ResourceDescription,
  type ResourceTemplate,
  readResource,
} from "./resources/resources.ts";
import { type ResourceEvent, watchResources } from "./resources/watching.ts";
import { callTool, listTools, type ToolDescription, type ToolResult } from "./tools/tools.ts";

type Reader = Pick<Call, "principal" | "signal">;

/** Everything that a server offers to its clients, apart from how they reach it. */
export type Offer = {
  instructions: string;
  listTools(principal: Principal): ToolDescription[];
  /** `undefined` when there is no such tool. */
  callTool(context: McpContext, name: string, input: unknown, call: Call): Promise<ToolResult | undefined>;
  prompts: readonly PromptDescription[];
  /** `undefined` when there is no such prompt. */
  getPrompt(
    context: McpContext,
    name: string,
    given: Record<string, string>,
    call: Reader,
  ): Promise<PromptResult | undefined>;
  complete(context: McpContext, request: CompletionRequest, call: Reader): Promise<Completion>;
  templates: readonly ResourceTemplate[];
  listResources(
    context: McpContext,
    cursor: string | undefined,
    call: Reader,
  ): Promise<{ resources: ResourceDescription[]; nextCursor?: string }>;
  readResource(context: McpContext, uri: string, call: Reader): Promise<ResourceContents>;
  /** Tells of changes until it is left by what it returns. */
  watchResources(
    context: McpContext,
    principal: Principal,
    subscriptions: ReadonlySet<string>,
    tell: (event: ResourceEvent) => void,
  ): () => void;
};

/** What Orbweaver offers. */
export const OFFER: Offer = {
  instructions: INSTRUCTIONS,
  ...{ listTools, callTool, prompts: PROMPTS, getPrompt, complete },
  ...{ templates: RESOURCE_TEMPLATES, listResources, readResource, watchResources },
};
