import type { Viewer } from "../access/viewer.ts";
import type { App } from "../app.ts";
import type { Crawl } from "../crawl/crawls.ts";
import { isOver, watchCrawl } from "../crawl/watch.ts";
import { viewCrawl } from "./crawl-view.ts";

const HEARTBEAT_MS = 15_000;
/** What a client waits before it comes back after a lost connection. */
const RETRY_MS = 3_000;
/** The last event's id: a client that comes back with it has had all there is. */
const END_ID = "end";

const HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" };

type StreamContext = Pick<App, "clock" | "log"> & { closing: AbortSignal };
type Context = StreamContext & Pick<App, "db" | "cache">;

/**
 * A crawl as server-sent events, until it is over, the client leaves or the service closes.
 * @throws AppError `not_found`
 */
export async function openEventStream(context: Context, viewer: Viewer, id: string, request: Request) {
  const watch = (signal: AbortSignal) => watchCrawl(context, viewer, id, signal);
  const write = (crawl: Crawl, number: number) => {
    const view = viewCrawl(crawl, context.clock.now());
    return writeEvent("progress", String(number), view) + (isOver(crawl) ? writeEvent("end", END_ID, view) : "");
  };
  return streamChanges(context, request, watch, write);
}

/**
 * What changes as server-sent events (WHATWG HTML §9.2), until there is no more of it, the client leaves or the service
 * closes. What the first change throws is answered.
 */
export async function streamChanges<Change>(
  context: StreamContext,
  request: Request,
  watch: (signal: AbortSignal) => AsyncGenerator<Change>,
  write: (change: Change, number: number) => string,
): Promise<Response> {
  if (request.headers.get("last-event-id") === END_ID) return new Response(null, { status: 204 });
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, request.signal, context.closing]);
  const changes = watch(signal);
  // Before the answer begins, so that a crawl that is not there is a 404 rather than a stream that breaks.
  const first = await changes.next();
  if (request.method === "HEAD") {
    await changes.return(undefined);
    return new Response(null, { headers: HEADERS });
  }
  const events = writeChanges(context, changes, first, write);
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        const { done, value } = await events.next();
        // To a client that has gone nothing more can be said.
        if (left.signal.aborted) return;
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        if (left.signal.aborted) return;
        // Closed without `end`: the client comes back and is told then.
        context.log.warn("event stream broke off", { path: new URL(request.url).pathname, error });
        controller.close();
      }
    },
    cancel: () => left.abort(),
  });
  return new Response(stream, { headers: HEADERS });
}

export function writeEvent(name: string, id: string, view: unknown): string {
  return `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(view)}\n\n`;
}

async function* writeChanges<Change>(
  { clock }: StreamContext,
  changes: AsyncGenerator<Change>,
  first: IteratorResult<Change>,
  write: (change: Change, number: number) => string,
): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n\n`;
  let next = Promise.resolve(first);
  for (let number = 1; ; ) {
    const result = await unlessQuiet(next, clock);
    if (result === undefined) {
      yield ": still here\n\n";
      continue;
    }
    if (result.done) return;
    yield write(result.value, number++);
    next = changes.next();
  }
}

/** `undefined` when nothing has come for so long that the connection should be kept open by a word. */
async function unlessQuiet<Result>(next: Promise<Result>, clock: App["clock"]): Promise<Result | undefined> {
  const came = new AbortController();
  const quiet = clock.sleep(HEARTBEAT_MS, came.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([next, quiet]);
  } finally {
    came.abort();
  }
}
