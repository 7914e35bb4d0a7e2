import { Value } from "@sinclair/typebox/value";
import { may, type Principal, refuseUnlessMay } from "../../access/principal.ts";
import { AppError, type Fault } from "../../errors.ts";
import type { Call, Content, McpContext } from "../call.ts";
import { describeError } from "../failures.ts";
import { cancelCrawlTool } from "./cancel-crawl.ts";
import { crawlTool } from "./crawl.ts";
import { crawlStatusTool } from "./crawl-status.ts";
import { fetchTool } from "./fetch.ts";
import { getDiffTool } from "./get-diff.ts";
import { getDocumentTool } from "./get-document.ts";
import { listChangesTool } from "./list-changes.ts";
import { listPagesTool } from "./list-pages.ts";
import { listWebsitesTool } from "./list-websites.ts";
import { mapTool } from "./map.ts";
import { scrapeTool } from "./scrape.ts";
import { searchTool } from "./search.ts";
import { type ToldSchema, tellInput, tellOutput } from "./told-schema.ts";
import type { Tool, ToolHints } from "./tool.ts";

/** In the order in which a model is to think of them. */
export const TOOLS: readonly Tool[] = [
  searchTool,
  fetchTool,
  getDocumentTool,
  listWebsitesTool,
  listPagesTool,
  mapTool,
  listChangesTool,
  getDiffTool,
  scrapeTool,
  crawlTool,
  crawlStatusTool,
  cancelCrawlTool,
];

/** As `tools/list` has it. */
export type ToolDescription = {
  name: string;
  title: string;
  description: string;
  inputSchema: ToldSchema;
  outputSchema: ToldSchema;
  annotations: ToolHints;
};

export type ToolResult = {
  content: Content[];
  structuredContent?: Record<string, unknown>;
  isError?: true;
};

/** So many faults tell enough. */
const MAX_FAULTS = 10;

const DESCRIBED = TOOLS.map((tool) => ({ permission: tool.permission, description: describe(tool) }));

/** Those that the principal may use, always in the same order. */
export function listTools(principal: Principal): ToolDescription[] {
  return DESCRIBED.filter(({ permission }) => may(principal, permission)).map(({ description }) => description);
}

/**
 * Runs a tool. What the caller can act on comes as a result that is an error; `undefined` when there is no such tool.
 * @throws whatever is no `AppError`: a fault of ours, an outage, or the signal's reason
 */
export async function callTool(
  context: McpContext,
  name: string,
  input: unknown,
  call: Call,
): Promise<ToolResult | undefined> {
  const tool = TOOLS.find((each) => each.name === name);
  if (!tool) return undefined;
  try {
    refuseUnlessMay(call.principal, tool.permission, tool.name);
    const { structured, text } = await tool.run(context, readInput(tool, input), call);
    return { content: [{ type: "text", text }], structuredContent: structured };
  } catch (error) {
    call.signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    return { content: [{ type: "text", text: describeError(error) }], isError: true };
  }
}

function readInput({ name, input: schema }: Tool, given: unknown) {
  const input: unknown = Value.Default(schema, structuredClone(given ?? {}));
  // PostgreSQL takes no NUL in a text, and there is none in what anybody looks for.
  if (JSON.stringify(input).includes("\\u0000"))
    throw new AppError("invalid", `${name} can't be called with the character NUL in its input`);
  if (Value.Check(schema, input)) return input;
  const faults = new Map<string, Fault>();
  for (const { path, message } of Value.Errors(schema, input)) {
    if (!faults.has(path)) faults.set(path, { at: path, message });
    if (faults.size === MAX_FAULTS) break;
  }
  throw new AppError("invalid", `${name} can't be called so`, { faults: [...faults.values()] });
}

function describe({ name, title, description, input, output, hints }: Tool): ToolDescription {
  const schemas = { inputSchema: tellInput(input), outputSchema: tellOutput(output) };
  return { name, title, description, ...schemas, annotations: hints };
}
