import type { Answer } from "../site.ts";

export const redirectTo =
  (location: string, status = 302): Answer =>
  () =>
    new Response(null, { status, headers: { location } });

/** Refuses the first `times` visits, then sends the page. */
export const refuse =
  (status: number, { times = 1, retryAfter }: { times?: number; retryAfter?: string } = {}): Answer =>
  (_request, visit, page) => {
    if (visit > times) return page();
    return new Response("not now", { status, headers: retryAfter === undefined ? {} : { "retry-after": retryAfter } });
  };

/** Sends the page after `ms`. */
export const delay =
  (ms: number): Answer =>
  async (_request, _visit, page) => {
    await Bun.sleep(ms);
    return page();
  };

/** Sends headers and a few bytes, and then nothing until the client goes away. */
export const stall = (): Answer => () =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("<!doctype html><title>Wait")),
    }),
    { headers: { "content-type": "text/html" } },
  );

/** Tags nested so deep that a parser that recurses runs out of stack. */
export const nested = (depth: number): Answer => hostile(() => `<!doctype html>${"<div>".repeat(depth)}deep`);

/** One element with more attributes than anything reads. */
export const manyAttributes = (count: number): Answer =>
  hostile(() => `<!doctype html><p ${Array.from({ length: count }, (_, i) => `a${i}=b`).join(" ")}>wide`);

/** Links to ever deeper paths of its own kind, so that it never ends. */
export const trap = (): Answer => (request) => {
  const { pathname } = new URL(request.url);
  return htmlResponse(
    `<!doctype html><title>Trap</title><p>More.<a href="${pathname}/next">next</a><a href="?p=${pathname.length}">again</a>`,
  );
};

/** A gzip body of `bytes` zeros, about a thousand times smaller on the wire. */
export const bomb = (bytes: number): Answer => {
  const packed = Bun.gzipSync(new Uint8Array(bytes));
  return () => new Response(packed, { headers: { "content-type": "text/html", "content-encoding": "gzip" } });
};

function hostile(write: () => string): Answer {
  const html = write();
  return () => htmlResponse(html);
}

function htmlResponse(html: string): Response {
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
}
