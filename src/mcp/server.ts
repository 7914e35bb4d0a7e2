import {
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { Principal } from "../access/principal.ts";
import type { Turnstile } from "../access/turnstile.ts";
import { VERSION } from "../version.ts";
import { askPerson } from "./asking.ts";
import type { Call, McpContext } from "./call.ts";
import { asProtocol, asToolResult } from "./failures.ts";
import { observeOperation } from "./observed-operations.ts";
import type { Offer } from "./offer.ts";
import { findPrincipal } from "./principals.ts";

export type ServedFor = {
  context: McpContext;
  /** Whom requests are made for that say nothing of it themselves: whoever holds the other end of a pipe. */
  local?: Principal;
  /** Hosts that the person has let this client fetch from; of this one request alone when absent. */
  allowedHosts?: Set<string>;
  /** Called for each tool call, and left when it is done; what it throws is told to the caller. */
  enter?: () => Disposable;
  /** Live fetches that are under way; the person at the other end of a pipe could not be kept from any. */
  scrapes?: Turnstile;
  /** Whether the client has closed its connection, which is how newer ones cancel. */
  hasLeft?: () => boolean;
  /** Whether the client can hear of changes. */
  tellsChanges: boolean;
};

/** What changes with a new version of the program, or with the credential alone: clients of 2026 need not ask again. */
const HINT = { ttlMs: 300_000, cacheScope: "private" } as const;
const CACHE_HINTS = {
  "tools/list": HINT,
  "prompts/list": HINT,
  "resources/templates/list": HINT,
  "server/discover": HINT,
};

/** A server for one client, or for one request of it. Knows what is offered, and nothing of how messages come and go. */
export function createMcpServer(offer: Offer, servedFor: ServedFor): Server {
  const { context, local, allowedHosts = new Set(), enter, scrapes, hasLeft, tellsChanges } = servedFor;
  const changes = tellsChanges ? { listChanged: true, subscribe: true } : {};
  const server = new Server(
    { name: "orbweaver", title: "Orbweaver", version: VERSION },
    {
      instructions: offer.instructions,
      cacheHints: CACHE_HINTS,
      capabilities: { tools: {}, prompts: {}, resources: changes, completions: {} },
    },
  );
  const toCall = (request: ServerContext): Call => {
    const principal = findPrincipal(request, local);
    return {
      principal,
      signal: request.mcpReq.signal,
      isWithdrawn: () => isWithdrawn(request.mcpReq.signal) || hasLeft?.() === true,
      allowedHosts,
      enterScrape: () => scrapes?.enter(principal.keyId ?? principal.userId),
      progress: (progress) => tellProgress(request, progress),
      ...(server.getClientCapabilities()?.elicitation ? { confirm: (question) => askPerson(request, question) } : {}),
    };
  };

  server.setRequestHandler("tools/list", (_, request) => ({ tools: offer.listTools(findPrincipal(request, local)) }));
  server.setRequestHandler("tools/call", ({ params: { name, arguments: input = {} } }, request) => {
    const call = toCall(request);
    return observeOperation(context, "tools/call", nameIn(offer.listTools(call.principal), name), async () => {
      const run = async () => {
        using _place = enter?.();
        return await offer.callTool(context, name, input, call);
      };
      const result = await asToolResult(context, call.signal, run);
      if (!result) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${name}`);
      return result;
    });
  });

  server.setRequestHandler("prompts/list", () => ({ prompts: [...offer.prompts] }));
  server.setRequestHandler("prompts/get", ({ params: { name, arguments: given = {} } }, request) =>
    observeOperation(context, "prompts/get", nameIn(offer.prompts, name), async () => {
      const result = await asProtocol(context, () => offer.getPrompt(context, name, given, toCall(request)));
      if (!result) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no prompt ${name}`);
      return result;
    }),
  );

  server.setRequestHandler("resources/list", ({ params }, request) =>
    observeOperation(context, "resources/list", undefined, () =>
      asProtocol(context, () => offer.listResources(context, params?.cursor, toCall(request))),
    ),
  );
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: [...offer.templates] }));
  server.setRequestHandler("resources/read", ({ params: { uri } }, request) =>
    observeOperation(context, "resources/read", undefined, async () => ({
      contents: [await asProtocol(context, () => offer.readResource(context, uri, toCall(request)), uri)],
    })),
  );

  server.setRequestHandler("completion/complete", ({ params: { ref, argument, context: settled } }, request) =>
    asProtocol(context, async () => ({
      completion: await offer.complete(context, { ref, argument, settled: settled?.arguments }, toCall(request)),
    })),
  );
  return server;
}

/** Clients may think up any name; only those that are offered are counted and told of. */
const nameIn = (offered: readonly { name: string }[], name: string) =>
  offered.some((each) => each.name === name) ? name : undefined;

/** Whether a client of an older revision has said so; whatever ends its connection says something else. */
function isWithdrawn({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof SdkError && reason.code === SdkErrorCode.ConnectionClosed);
}

async function tellProgress(
  { mcpReq: { _meta: meta, notify, signal } }: ServerContext,
  { done, total, message }: Parameters<Call["progress"]>[0],
): Promise<void> {
  const progressToken = meta?.progressToken;
  if (progressToken === undefined || signal.aborted) return;
  const params = { progressToken, progress: done, message, ...(total === undefined ? {} : { total }) };
  await notify({ method: "notifications/progress", params });
}
