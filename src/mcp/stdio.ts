import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { LOCAL_PRINCIPAL } from "../access/principal.ts";
import type { App } from "../app.ts";
import { pushChanges, subscribedUris } from "./changes.ts";
import { OFFER, type Offer } from "./offer.ts";
import type { Pipe } from "./pipe.ts";
import { createMcpServer } from "./server.ts";

/** Serves the one client at the other end of a pipe, for whoever runs the program. Resolves when the pipe is closed. */
export async function serveOverPipe(app: App, pipe: Pipe, offer: Offer = OFFER): Promise<void> {
  const subscriptions = new Set<string>();
  const served = serveStdio(
    ({ era }) => {
      const local = LOCAL_PRINCIPAL;
      const server = createMcpServer(offer, { context: app, local, allowedHosts: new Set(), tellsChanges: true });
      const changes = pushChanges(server, offer, { context: app, principal: local }, subscriptions);
      // Of its first message a newer client says all, an older one must say first that it is ready.
      if (era === "modern") changes.begin();
      return server;
    },
    { transport: pipe, onerror: (error) => app.log.debug("MCP message refused", { error }) },
  );
  const serve = pipe.onmessage;
  pipe.onmessage = (message, extra) => {
    noteSubscriptions(message, subscriptions);
    serve?.(message, extra);
  };
  await pipe.closed;
  await served.close();
}

/** Newer clients say in one request what they want to hear of, which the library keeps to itself. */
function noteSubscriptions(message: JSONRPCMessage, subscriptions: Set<string>): void {
  if (!("method" in message) || message.method !== "subscriptions/listen") return;
  for (const uri of subscribedUris(message)) subscriptions.add(uri);
}
