import {
  type JSONRPCMessage,
  type Server,
  SUPPORTED_PROTOCOL_VERSIONS,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { type AccessChange, concerns } from "../access/announcements.ts";
import type { Principal } from "../access/principal.ts";
import type { Clock } from "../clock.ts";
import { AppError } from "../errors.ts";
import type { Log } from "../telemetry/log.ts";
import { withHeader } from "./answers.ts";
import { createEventMemory } from "./event-store.ts";
import { ownerOf, toAuthInfo } from "./principals.ts";

const LIMITS = { sessions: 1_000, perOwner: 100, idleMs: 30 * 60_000 };
const SWEEP_MS = 60_000;
/** What a client waits before it comes back for a stream that broke off. */
const RETRY_MS = 1_000;

/** What goes on between the server and one client of the revisions of 2025, over many requests. */
type Session = {
  principal: Principal;
  owner: string;
  server: Server;
  transport: WebStandardStreamableHTTPServerTransport;
  /** Tool calls under way, whether or not somebody is connected. */
  calls: number;
  /** Answers that are being sent, and the stream of what is told unasked. */
  streams: number;
  usedAt: number;
};

/** Makes a server for a session. `enter` is to be called for each tool call, and left when it is done. */
export type OpenServer = (principal: Principal, enter: () => Disposable) => Server;

export type Sessions = {
  /** Begins a session by a client's first request, or refuses it. */
  begin(request: Request, message: unknown, principal: Principal): Promise<Response>;
  /** Goes on with one; 404 for one that is not there or not the principal's, so that clients begin anew. */
  continue(id: string, request: Request, message: unknown, principal: Principal): Promise<Response>;
  /** Counts a stream of a session that is open, until it is told that it has ended. */
  holdStream(id: string): () => void;
  /** Ends those of whose access has changed, with what they have under way: their clients begin anew with what they may. */
  endThose(change: AccessChange): void;
  count(): number;
  /** Ends what is told unasked, and takes no more sessions. */
  quiet(): void;
  close(): Promise<void>;
};

type Options = { clock: Clock; log: Log; openServer: OpenServer; limits?: typeof LIMITS };

/** In this process alone; bounded in number and in idle time, each for whoever began it. */
export function createSessions({ clock, log, openServer, limits = LIMITS }: Options): Sessions {
  // The one that was used longest ago comes first.
  const sessions = new Map<string, Session>();
  const memory = createEventMemory();
  const closing = new AbortController();
  let isSweeping = false;

  const touch = (id: string, session: Session) => {
    session.usedAt = clock.now().getTime();
    sessions.delete(id);
    sessions.set(id, session);
  };
  const makeRoom = async (owner: string) => {
    const own = [...sessions].filter(([, session]) => session.owner === owner);
    const crowd = own.length >= limits.perOwner ? own : sessions.size >= limits.sessions ? [...sessions] : undefined;
    if (!crowd) return;
    const free = crowd.find(([, { calls }]) => calls === 0);
    if (!free) {
      throw new AppError(
        "rate_limited",
        "There are as many MCP sessions as there may be, all at work; try again later",
      );
    }
    await free[1].transport.close();
  };
  const sweep = async () => {
    if (isSweeping) return;
    isSweeping = true;
    while (sessions.size > 0) {
      await clock.sleep(SWEEP_MS, closing.signal).catch(() => {});
      if (closing.signal.aborted) return;
      const now = clock.now().getTime();
      for (const { calls, streams, usedAt, transport } of sessions.values()) {
        if (calls === 0 && streams === 0 && now - usedAt > limits.idleMs) await transport.close();
      }
    }
    isSweeping = false;
  };

  return {
    begin: async (request, message, principal) => {
      if (closing.signal.aborted) throw new AppError("unavailable", "The service is stopping");
      const owner = ownerOf(principal);
      await makeRoom(owner);
      const events = memory.openStore();
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (id) => {
          touch(id, session);
          void sweep();
        },
        eventStore: events,
        retryInterval: RETRY_MS,
      });
      const server = openServer(principal, () => {
        session.calls++;
        return { [Symbol.dispose]: () => session.calls-- };
      });
      const session: Session = { principal, owner, server, transport, calls: 0, streams: 0, usedAt: 0 };
      server.onerror = (error) => log.debug("MCP session erred", { error });
      const closed = server.onclose;
      server.onclose = () => {
        events.forget();
        if (transport.sessionId !== undefined) sessions.delete(transport.sessionId);
        closed?.();
      };
      await server.connect(transport);
      const answer = await transport.handleRequest(request, { parsedBody: message, authInfo: toAuthInfo(principal) });
      if (transport.sessionId === undefined) await server.close();
      return answer;
    },
    continue: async (id, request, message, principal) => {
      const session = sessions.get(id);
      if (!session || session.owner !== ownerOf(principal)) return answerNoSession(message);
      touch(id, session);
      const answered = withVersion(request, session.server.getNegotiatedProtocolVersion());
      return session.transport.handleRequest(answered, { parsedBody: message, authInfo: toAuthInfo(principal) });
    },
    holdStream: (id) => {
      const session = sessions.get(id);
      if (session) session.streams++;
      return () => {
        if (!session) return;
        session.streams--;
        session.usedAt = clock.now().getTime();
      };
    },
    endThose: (change) => {
      const those = [...sessions.values()].filter(({ principal }) => concerns(change, principal));
      void Promise.allSettled(those.map(({ transport }) => transport.close()));
    },
    count: () => sessions.size,
    quiet: () => {
      closing.abort();
      for (const { transport } of sessions.values()) transport.closeStandaloneSSEStream();
    },
    close: async () => {
      closing.abort();
      await Promise.all([...sessions.values()].map(({ transport }) => transport.close()));
    },
  };
}

/** In a session that revision is spoken which was agreed on, whatever other one a request names, if any. */
function withVersion(request: Request, agreed: string | undefined): Request {
  const named = request.headers.get(VERSION_HEADER);
  // One that nobody knows is refused.
  if (agreed === undefined || (named !== null && !SUPPORTED_PROTOCOL_VERSIONS.includes(named))) return request;
  return named === agreed ? request : withHeader(request, VERSION_HEADER, agreed);
}

const VERSION_HEADER = "mcp-protocol-version";

function answerNoSession(message: unknown): Response {
  const id = (message as Partial<JSONRPCMessage & { id: unknown }> | undefined)?.id ?? null;
  const error = { code: -32001, message: "Session not found: it has ended, or it is not yours. Initialize anew" };
  return Response.json({ jsonrpc: "2.0", id, error }, { status: 404 });
}
