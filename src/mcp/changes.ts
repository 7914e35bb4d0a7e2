import { ProtocolError, ProtocolErrorCode, type Server } from "@modelcontextprotocol/server";
import type { Principal } from "../access/principal.ts";
import type { McpContext } from "./call.ts";
import type { Offer } from "./offer.ts";

const MAX_SUBSCRIPTIONS = 200;
/** Of the longest URL that is kept, percent-encoded once more. */
const MAX_URI_LENGTH = 6_200;

/**
 * Has a server that lasts as long as its client's connection tell of changes over it, until it is closed. `subscriptions`
 * are URIs whose changes are told of; clients of older revisions add to them.
 */
export function pushChanges(
  server: Server,
  offer: Offer,
  { context, principal }: { context: McpContext; principal: Principal },
  subscriptions = new Set<string>(),
): { begin(): void } {
  let leave: (() => void) | undefined;
  const begin = () => {
    leave ??= offer.watchResources(context, principal, subscriptions, (event) => {
      if (event.kind === "updated" && !subscriptions.has(event.uri)) return;
      const told =
        event.kind === "list" ? server.sendResourceListChanged() : server.sendResourceUpdated({ uri: event.uri });
      told.catch((error: unknown) => context.log.debug("MCP client not told of a change", { error }));
    });
  };
  server.setRequestHandler("resources/subscribe", ({ params: { uri } }) => {
    if (uri.length > MAX_URI_LENGTH)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `A URI may be ${MAX_URI_LENGTH} characters long`);
    if (subscriptions.size >= MAX_SUBSCRIPTIONS && !subscriptions.has(uri)) {
      const message = `${MAX_SUBSCRIPTIONS} resources are subscribed to, which is the limit`;
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
    }
    subscriptions.add(uri);
    return {};
  });
  server.setRequestHandler("resources/unsubscribe", ({ params: { uri } }) => {
    subscriptions.delete(uri);
    return {};
  });
  // Nothing may be sent before the client says that it is ready.
  server.oninitialized = begin;
  const closed = server.onclose;
  server.onclose = () => {
    leave?.();
    leave = undefined;
    closed?.();
  };
  return { begin };
}

/** The resources that a client of 2026 wants to hear of, as it says in `subscriptions/listen`. */
export function subscribedUris(message: unknown): string[] {
  const { params } = message as { params?: { notifications?: { resourceSubscriptions?: unknown } } };
  const uris = params?.notifications?.resourceSubscriptions;
  if (!Array.isArray(uris)) return [];
  return uris.filter((uri) => typeof uri === "string" && uri.length <= MAX_URI_LENGTH).slice(0, MAX_SUBSCRIPTIONS);
}
