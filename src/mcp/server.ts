import { ProtocolError, ProtocolErrorCode, Server, type ServerContext } from "@modelcontextprotocol/server";
import { may, type Principal, toViewer } from "../access/principal.ts";
import type { App } from "../app.ts";
import type { Permission } from "../db/schema/users.ts";
import { VERSION } from "../version.ts";
import { askPerson } from "./asking.ts";
import { asProtocol } from "./failures.ts";
import { observeOperation } from "./observed-operations.ts";
import type { Call, Parts, Prompt, Tool } from "./parts.ts";
import { findPrincipal } from "./principals.ts";
import { runTool } from "./tool-runs.ts";

/** The protocol's own bound. */
const MAX_COMPLETIONS = 100;

/** `local` is whom requests are made for that nothing says more of: whoever holds the other end of a pipe. */
export type ServedFor = { app: App; local?: Principal };

/**
 * A server for one client, or for one request of it. Knows what is offered and to whom, and nothing of how messages come
 * and go.
 */
export function createMcpServer(parts: Parts, { app, local }: ServedFor): Server {
  const { instructions, tools, prompts, resources } = parts;
  const changes = resources.watch ? { listChanged: true, subscribe: true } : {};
  const server = new Server(
    { name: "orbweaver", title: "Orbweaver", version: VERSION },
    { instructions, capabilities: { tools: {}, prompts: {}, resources: changes, completions: {} } },
  );
  const toCall = (context: ServerContext): Call => {
    const principal = findPrincipal(context, local);
    const canAsk = server.getClientCapabilities()?.elicitation !== undefined;
    return {
      ...{ app, principal, viewer: toViewer(principal), signal: context.mcpReq.signal },
      progress: (done, total, message) => tellProgress(context, done, total, message),
      ask: (id, question) => (canAsk ? askPerson(context, id, question) : { kind: "unavailable" }),
    };
  };
  const permit = (context: ServerContext, needed: Permission): Call => {
    const call = toCall(context);
    if (may(call.principal, needed)) return call;
    const lacking = `This needs the permission ${needed}, which the credential does not give`;
    throw new ProtocolError(ProtocolErrorCode.InvalidRequest, lacking);
  };

  server.setRequestHandler("tools/list", (_, context) => {
    const { principal } = toCall(context);
    return { tools: tools.filter(({ permission }) => may(principal, permission)).map(describeTool) };
  });
  server.setRequestHandler("tools/call", ({ params: { name, arguments: input = {} } }, context) => {
    const tool = tools.find((offered) => offered.name === name);
    if (!tool) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${name}`);
    return observeOperation(app, "tools/call", name, () => runTool(tool, toCall(context), input));
  });

  server.setRequestHandler("prompts/list", (_, context) => {
    const { principal } = toCall(context);
    return { prompts: prompts.filter(({ permission }) => may(principal, permission)).map(describePrompt) };
  });
  server.setRequestHandler("prompts/get", ({ params: { name, arguments: given = {} } }, context) => {
    const prompt = prompts.find((offered) => offered.name === name);
    if (!prompt) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no prompt ${name}`);
    refuseIncomplete(prompt, given);
    const call = permit(context, prompt.permission);
    return observeOperation(app, "prompts/get", name, () => asProtocol(app, () => prompt.get(call, given)));
  });

  server.setRequestHandler("resources/list", ({ params }, context) => {
    const call = permit(context, "read");
    const list = () => resources.list(call, params?.cursor);
    return observeOperation(app, "resources/list", undefined, () => asProtocol(app, list));
  });
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: resources.templates }));
  server.setRequestHandler("resources/read", ({ params: { uri } }, context) => {
    const call = permit(context, "read");
    const read = async () => ({ contents: await resources.read(call, uri) });
    return observeOperation(app, "resources/read", undefined, () => asProtocol(app, read, uri));
  });

  server.setRequestHandler("completion/complete", ({ params: { ref, argument, context: settled } }, context) =>
    asProtocol(app, async () => {
      const call = permit(context, "read");
      const others = settled?.arguments ?? {};
      const prompt = ref.type === "ref/prompt" ? prompts.find(({ name }) => name === ref.name) : undefined;
      const found =
        ref.type === "ref/resource"
          ? await resources.complete?.(call, ref.uri, argument.name, argument.value, others)
          : await prompt?.complete?.(call, argument.name, argument.value, others);
      const values = found?.slice(0, MAX_COMPLETIONS) ?? [];
      return { completion: { values, hasMore: (found?.length ?? 0) > values.length } };
    }),
  );
  return server;
}

async function tellProgress(
  { mcpReq: { _meta: meta, notify, signal } }: ServerContext,
  progress: number,
  total?: number,
  message?: string,
): Promise<void> {
  const progressToken = meta?.progressToken;
  if (progressToken === undefined || signal.aborted) return;
  const params = {
    progressToken,
    progress,
    ...(total === undefined ? {} : { total }),
    ...(message ? { message } : {}),
  };
  await notify({ method: "notifications/progress", params });
}

function describeTool({ name, title, description, annotations, input, output }: Tool) {
  return { name, title, description, inputSchema: input, outputSchema: output, annotations: { title, ...annotations } };
}

function describePrompt({ name, title, description, arguments: taken }: Prompt) {
  return { name, title, description, arguments: taken };
}

function refuseIncomplete(prompt: Prompt, given: Record<string, string>): void {
  const missing = prompt.arguments.filter(({ name, required }) => required && !given[name]?.trim());
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(", ");
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `The prompt ${prompt.name} needs: ${names}`);
}
