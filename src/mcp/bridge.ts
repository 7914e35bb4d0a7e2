import { SdkHttpError, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import {
  isInitializeRequest,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  PROTOCOL_VERSION_META_KEY,
  type RequestId,
} from "@modelcontextprotocol/server";
import type { Clock } from "../clock.ts";
import type { Log } from "../telemetry/log.ts";
import type { Pipe } from "./pipe.ts";

/** A service that is being started anew is back by the last of them. */
const RETRIES_MS = [250, 500, 1_000, 2_000, 4_000];
const RECONNECTING = {
  initialReconnectionDelay: 500,
  maxReconnectionDelay: 10_000,
  reconnectionDelayGrowFactor: 1.5,
  maxRetries: 8,
};
const FAREWELL_MS = 2_000;
/** Of our own first request, which no client will choose. */
const OWN_ID = "orbweaver:initialize-again";

type Options = { clock: Clock; log: Log; url: URL; key: string | undefined; pipe: Pipe };

/** The way to the service, for as long as its session lasts. */
type Connection = { transport: StreamableHTTPClientTransport; renewal?: Promise<Connection> | undefined };

/** A request whose answer is awaited. */
type Asked = { cancel: AbortController; isModern: boolean; by?: Connection };

/**
 * Hands on what a client says over a pipe to a service elsewhere, and back, until the pipe is closed. A session that the
 * service no longer knows is begun anew without the client's noticing, and what can't be brought there is answered as an
 * error.
 */
export async function bridge({ clock, log, url, key, pipe }: Options): Promise<void> {
  const asked = new Map<RequestId, Asked>();
  let initialization: JSONRPCMessage | undefined;
  // What follows the first message belongs to the session that it begins.
  let begun: PromiseWithResolvers<void> | undefined;
  let current = connect();

  const tell = (message: JSONRPCMessage) =>
    pipe.send(message).catch((error: unknown) => log.debug("MCP message not delivered", { error }));
  const fail = (id: RequestId, message: string) => {
    begun?.resolve();
    if (asked.delete(id)) void tell({ jsonrpc: "2.0", id, error: { code: -32000, message } });
  };

  async function connect(renewed?: PromiseWithResolvers<void>): Promise<Connection> {
    const transport = new StreamableHTTPClientTransport(url, {
      requestInit: { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } },
      reconnectionOptions: RECONNECTING,
    });
    transport.onmessage = (message) => {
      const isAnswer = "result" in message || "error" in message;
      const version = "result" in message ? message.result.protocolVersion : undefined;
      if (typeof version === "string") transport.setProtocolVersion(version);
      if (isAnswer && message.id === OWN_ID) {
        if ("error" in message) renewed?.reject(new Error(message.error.message));
        else renewed?.resolve();
        return;
      }
      if (isAnswer && message.id !== undefined) asked.delete(message.id);
      if (isAnswer) begun?.resolve();
      void tell(message);
    };
    transport.onerror = (error) => log.debug("MCP connection erred", { error });
    await transport.start();
    return { transport };
  }

  /** Once for each connection, however many requests find that its session is gone. */
  const renew = (old: Connection) => {
    const begin = async () => {
      await old.transport.close();
      for (const [id, { by }] of asked) if (by === old) fail(id, "The service ended the session meanwhile; ask again");
      const renewed = Promise.withResolvers<void>();
      const fresh = await connect(renewed);
      if (initialization) {
        await fresh.transport.send({ ...initialization, id: OWN_ID } as JSONRPCMessage);
        await renewed.promise;
        await fresh.transport.send({ jsonrpc: "2.0", method: "notifications/initialized" });
      }
      return fresh;
    };
    old.renewal ??= begin();
    current = old.renewal;
    return current;
  };

  const deliver = async (message: JSONRPCMessage, request: Asked | undefined) => {
    if (message !== initialization) await begun?.promise;
    let retries = 0;
    for (let isRenewed = false; ; ) {
      const connection = await current;
      const id = isJSONRPCRequest(message) ? message.id : undefined;
      try {
        await connection.transport.send(message, {
          ...(request ? { requestSignal: request.cancel.signal } : {}),
          onRequestStreamEnd: () => id !== undefined && fail(id, "The connection to the service broke off; ask again"),
        });
        if (request) request.by = connection;
        return;
      } catch (error) {
        if (request?.cancel.signal.aborted) return;
        const status = error instanceof SdkHttpError ? error.status : undefined;
        const waitMs = status === undefined && isRefused(error) ? RETRIES_MS[retries++] : undefined;
        if (waitMs !== undefined) {
          await clock.sleep(waitMs);
          continue;
        }
        const isGone = status === 404 && connection.transport.sessionId !== undefined;
        // Another message found that the session is gone, and this one was still on its way there.
        const isOvertaken = status === undefined && connection.renewal !== undefined;
        if (isRenewed || !(isGone || isOvertaken)) throw error;
        isRenewed = true;
        await renew(connection).catch((cause: unknown) => {
          connection.renewal = undefined;
          current = Promise.resolve(connection);
          throw cause;
        });
      }
    }
  };

  pipe.onmessage = (message) => {
    if (isInitializeRequest(message)) {
      initialization = message;
      begun = Promise.withResolvers();
    }
    if (isJSONRPCNotification(message) && message.method === "notifications/cancelled") {
      const id = message.params?.requestId as RequestId | undefined;
      const request = id === undefined ? undefined : asked.get(id);
      // Newer revisions cancel over HTTP by closing the answer's stream.
      if (id !== undefined && request?.isModern) {
        asked.delete(id);
        return request.cancel.abort();
      }
    }
    let request: Asked | undefined;
    if (isJSONRPCRequest(message)) {
      request = { cancel: new AbortController(), isModern: isModern(message) };
      asked.set(message.id, request);
    }
    deliver(message, request).catch((error: unknown) => {
      log.warn("MCP message not brought to the service", {
        method: "method" in message ? message.method : undefined,
        error,
      });
      if (isJSONRPCRequest(message)) fail(message.id, explain(error, url));
    });
  };

  await pipe.start();
  await pipe.closed;
  const { transport } = await current;
  await Promise.race([transport.terminateSession().catch(() => {}), clock.sleep(FAREWELL_MS)]);
  await transport.close();
}

function isModern({ params }: { params?: { _meta?: Record<string, unknown> | undefined } | undefined }): boolean {
  return typeof params?._meta?.[PROTOCOL_VERSION_META_KEY] === "string";
}

/** Nothing of it has been done, so it can be said again. */
function isRefused(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ConnectionRefused" || code === "ECONNREFUSED";
}

function explain(error: unknown, { origin }: URL): string {
  if (!(error instanceof SdkHttpError)) return `The service at ${origin} can't be reached: ${(error as Error).message}`;
  if (error.status === 401) return `${origin} does not take the key; give one with --key or MCP_KEY`;
  const detail = readDetail(error.data?.text);
  return detail ?? `${origin} answered with ${error.status}`;
}

/** What the service says of it, in the form of its problems. */
function readDetail(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const { detail, error } = JSON.parse(text) as { detail?: string; error?: { message?: string } };
    return detail ?? error?.message;
  } catch {
    return undefined;
  }
}
