/** Whether a client names event streams among what it takes; `*` alone does not promise that it can read one. */
export function takesEvents({ headers }: Request): boolean {
  return headers.get("accept")?.includes("text/event-stream") ?? false;
}

/** The same request with another header; its body has been read. */
export function withHeader(
  { url, method, headers, signal: own }: Request,
  name: string,
  value: string,
  signal = own,
): Request {
  const changed = new Headers(headers);
  changed.set(name, value);
  return new Request(url, { method, headers: changed, signal });
}

/**
 * The request as the protocol wants it, for clients that are content with JSON: scripts, and people with curl.
 * @param signal ends what is asked for, since nobody comes back for it
 */
export function askForEvents(request: Request, signal: AbortSignal): Request {
  return withHeader(request, "accept", "application/json, text/event-stream", signal);
}

/** The one message of a stream that answers the request; what else was told on the way is left out. */
export async function toJsonAnswer(answer: Response): Promise<Response> {
  if (!isEventStream(answer)) return answer;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of answer.body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const message = readAnswer(text.slice(0, end));
      if (message !== undefined) return new Response(message, { status: answer.status, headers: jsonHeaders(answer) });
      text = text.slice(end + 2);
    }
  }
  return new Response(null, { status: 502 });
}

export const isEventStream = (answer: Response): answer is Response & { body: ReadableStream<Uint8Array> } =>
  answer.body !== null && (answer.headers.get("content-type")?.startsWith("text/event-stream") ?? false);

function readAnswer(event: string): string | undefined {
  const line = event.split("\n").find((written) => written.startsWith("data: "));
  const data = line?.slice("data: ".length) ?? "";
  if (data.trim() === "") return undefined;
  const message = JSON.parse(data) as { result?: unknown; error?: unknown };
  return message.result === undefined && message.error === undefined ? undefined : data;
}

function jsonHeaders({ headers }: Response): Headers {
  const session = headers.get("mcp-session-id");
  return new Headers({
    "content-type": "application/json",
    "cache-control": "no-store",
    ...(session === null ? {} : { "mcp-session-id": session }),
  });
}
