import {
  createMcpHandler,
  isLegacyRequest,
  legacyStatelessFallback,
  type McpHandlerRequestOptions,
  type ServerEvent,
  type ServerEventBus,
} from "@modelcontextprotocol/server";
import { listenForChanges } from "../access/announcements.ts";
import type { Principal } from "../access/principal.ts";
import { createTurnstile, type Turnstile } from "../access/turnstile.ts";
import type { App } from "../app.ts";
import { AppError } from "../errors.ts";
import { askForEvents, isEventStream, takesEvents, toJsonAnswer } from "./answers.ts";
import { boundUnread } from "./bounded-stream.ts";
import { pushChanges, subscribedUris } from "./changes.ts";
import { OFFER, type Offer } from "./offer.ts";
import { ownerOf, toAuthInfo } from "./principals.ts";
import { createMcpServer } from "./server.ts";
import { createSessions } from "./sessions.ts";
import { createUnderWay } from "./under-way.ts";

/** How long answers under way have when the service stops. */
const GRACE_MS = 2_000;
/** Tool calls that one principal may have under way. */
const MAX_CALLS = 32;
/** Streams of changes that one principal may have open, apart from those of sessions. */
const MAX_LISTENING = 100;
/** Whoever is told of changes must prove anew by then who they are: keys and tokens end, and that may be missed here. */
const LISTENING_MS = 30 * 60_000;

/** MCP over HTTP: all revisions of the protocol at one address. */
export type McpEndpoint = {
  /**
   * Answers one request, whose body has been read.
   * @param signal ends what is answered by no stream
   * @throws AppError `invalid` for what is no message, `rate_limited`, `unavailable`
   */
  answer(request: Request, message: unknown, principal: Principal, signal: AbortSignal): Promise<Response>;
  /** Ends what would go on for ever, waits a moment for the rest, and ends that too. */
  close(): Promise<void>;
};

/** One request, and what is to be done once it has been answered to its end. */
type Asked = {
  request: Request;
  message: unknown;
  principal: Principal;
  isStreaming: boolean;
  ends: (() => void)[];
  hasLeft: () => boolean;
};

type Options = {
  /** Those that the API counts too. */
  scrapes: Turnstile;
  offer?: Offer;
  createServer?: typeof createMcpServer;
};

/**
 * Requests of the revision of 2026 stand each for itself, and any instance answers them. Clients of 2025 get a session
 * where this is the only instance that serves the API. Where there are more, each request of theirs stands for itself
 * too, since the next one may reach another instance: they are not told of changes then, and can't ask their person.
 */
export function createMcpEndpoint(
  app: App,
  { scrapes, offer = OFFER, createServer = createMcpServer }: Options,
): McpEndpoint {
  const { clock, log, instances } = app;
  const calls = createTurnstile(MAX_CALLS, "calls");
  const underWay = createUnderWay(MAX_LISTENING);
  const onerror = (error: Error) => log.debug("MCP request refused", { error });

  const sessions = createSessions({
    ...{ clock, log },
    openServer: (principal, count) => {
      const enter = () => both(calls.enter(ownerOf(principal)), count());
      const server = createServer(offer, { context: app, allowedHosts: new Set(), enter, scrapes, tellsChanges: true });
      pushChanges(server, offer, { context: app, principal });
      return server;
    },
  });
  const leave = app.telemetry.watch("orbweaver.mcp.sessions", () => [{ labels: {}, value: sessions.count() }]);
  // What goes on was begun by whoever could do it then.
  const leaveAccess = listenForChanges(app.cache, (change) => {
    sessions.endThose(change);
    underWay.endThose(change);
  });
  const serverFor =
    ({ principal, hasLeft }: Asked, tellsChanges: boolean) =>
    () =>
      createServer(offer, {
        context: app,
        enter: () => calls.enter(ownerOf(principal)),
        scrapes,
        hasLeft,
        tellsChanges,
      });

  const answerModern = (asked: Asked) => {
    const { request, message, principal, isStreaming, ends } = asked;
    const { method } = message as { method?: unknown };
    const listens = isListening(request, message);
    const handler = createMcpHandler(serverFor(asked, true), {
      ...{ legacy: "reject" as const, onerror },
      // A call may last, and nothing but a stream can be kept alive meanwhile.
      responseMode: method === "tools/call" && isStreaming ? "sse" : "auto",
      ...(listens ? { bus: toBus(app, offer, principal, message) } : {}),
    });
    ends.push(listens ? underWay.listen(principal, handler) : underWay.add(principal, handler));
    return handler.fetch(request, toOptions(message, principal));
  };

  const answerLegacy = (asked: Asked) => {
    const { request, message, principal, ends } = asked;
    const id = request.headers.get("mcp-session-id");
    if (id !== null) {
      ends.push(sessions.holdStream(id));
      if (request.method === "POST") ends.push(underWay.add(principal));
      return sessions.continue(id, request, message, principal);
    }
    const isFirst = (message as { method?: unknown } | undefined)?.method === "initialize";
    if (isFirst && instances.live("api") <= 1) return sessions.begin(request, message, principal);
    ends.push(underWay.add(principal));
    return legacyStatelessFallback(serverFor(asked, false), onerror)(request, toOptions(message, principal));
  };

  return {
    answer: async (given, message, principal, signal) => {
      refuseNonsense(given, message);
      const isStreaming = given.method !== "POST" || takesEvents(given);
      const request = isStreaming ? given : askForEvents(given, signal);
      const gone = new AbortController();
      const hasLeft = () => gone.signal.aborted || given.signal.aborted;
      const asked: Asked = { request, message, principal, isStreaming, ends: [], hasLeft };
      const end = () => {
        for (const done of asked.ends) done();
      };
      try {
        const isLegacy = await isLegacyRequest(request, message);
        const answer = await (isLegacy ? answerLegacy : answerModern)(asked);
        if (isStreaming && isEventStream(answer)) {
          const ended = new AbortController();
          asked.ends.push(() => ended.abort());
          const over = isListening(request, message) ? clock.sleep(LISTENING_MS, ended.signal) : undefined;
          return new Response(boundUnread(answer.body, { ended: end, left: () => gone.abort() }, over), answer);
        }
        const whole = await toJsonAnswer(answer);
        end();
        return whole;
      } catch (error) {
        end();
        throw error;
      }
    },
    close: async () => {
      sessions.quiet();
      await underWay.end(clock.sleep(GRACE_MS));
      await sessions.close();
      leaveAccess();
      leave();
    },
  };
}

/** Whether it is answered by a stream that ends by nothing but its client's leaving. */
function isListening({ method }: Request, message: unknown): boolean {
  return method === "GET" || (message as { method?: unknown } | undefined)?.method === "subscriptions/listen";
}

/** Several messages at once, which a revision of 2025 had for some months, would get around every limit on requests. */
function refuseNonsense({ method }: Request, message: unknown): void {
  if (method !== "POST") return;
  if (Array.isArray(message)) throw new AppError("invalid", "Batches are not taken: send each message by itself");
  if (typeof message !== "object" || message === null) {
    throw new AppError("invalid", "The body must be a JSON-RPC message: an MCP client sends it");
  }
}

function toOptions(message: unknown, principal: Principal): McpHandlerRequestOptions {
  return { ...(message === undefined ? {} : { parsedBody: message }), authInfo: toAuthInfo(principal) };
}

function both(first: Disposable, second: Disposable): Disposable {
  return {
    [Symbol.dispose]: () => {
      first[Symbol.dispose]();
      second[Symbol.dispose]();
    },
  };
}

/** The changes of one stream, for whom it is opened: what others may see of is not told there. */
function toBus(app: App, offer: Offer, principal: Principal, message: unknown): ServerEventBus {
  const subscriptions = new Set(subscribedUris(message));
  return {
    publish: () => {},
    subscribe: (listener: (event: ServerEvent) => void) =>
      offer.watchResources(app, principal, subscriptions, (event) =>
        listener(
          event.kind === "list" ? { kind: "resources_list_changed" } : { kind: "resource_updated", uri: event.uri },
        ),
      ),
  };
}
