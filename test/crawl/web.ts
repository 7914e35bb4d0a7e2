import { type Fetch, FetchError, type FetchRequest, type FetchResponse } from "../../src/fetch/fetch.ts";

export type WebAnswer = { status?: number; headers?: Record<string, string>; body?: string | Uint8Array };

/** `visit` counts the requests for this URL from 1. */
export type Answering = WebAnswer | ((request: FetchRequest, visit: number) => WebAnswer | Promise<WebAnswer>);

export type Web = {
  fetch: Fetch;
  /** Requests by URL, robots.txt and sitemaps included. */
  requests: Map<string, FetchRequest[]>;
  answers: Record<string, Answering>;
};

/** Websites of any name, without a network. What has no answer is a 404. */
export function createWeb(answers: Record<string, Answering>): Web {
  const requests = new Map<string, FetchRequest[]>();

  async function fetch(request: FetchRequest): Promise<FetchResponse> {
    const { url, signal } = request;
    const before = requests.get(url) ?? [];
    requests.set(url, [...before, request]);
    const answering = answers[url] ?? { status: 404, body: "Not found" };
    const answer = typeof answering === "function" ? await answering(request, before.length + 1) : answering;
    if (signal?.aborted) throw new FetchError("cancelled", `The request for ${url} was cancelled`);
    return toResponse(request, answer);
  }

  return { fetch, requests, answers };
}

function toResponse({ url, wantsBody }: FetchRequest, { status = 200, headers = {}, body = "" }: WebAnswer) {
  const sent = new Headers(headers);
  if (!sent.has("content-type") && status !== 304) sent.set("content-type", "text/html; charset=utf-8");
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body);
  const isBodyRead = wantsBody?.({ status, headers: sent }) ?? true;
  const target = status >= 300 && status < 400 ? sent.get("location") : null;
  return {
    url,
    status,
    headers: sent,
    body: isBodyRead ? bytes : new Uint8Array(0),
    isBodyRead,
    wireBytes: isBodyRead ? bytes.byteLength : 0,
    redirects: [],
    ...(target === null ? {} : { location: new URL(target, url).href }),
    latencyMs: 1,
    durationMs: 1,
  };
}

/** A page of some words with links. */
export function page(...links: string[]): WebAnswer {
  const list = links.map((link, n) => `<li><a href="${link}">Link ${n}</a>`).join("");
  return { body: `<!doctype html><title>Page</title><main><h1>Page</h1><p>Words about it.<ul>${list}</ul></main>` };
}

export const text = (words: string): WebAnswer => ({
  body: `<!doctype html><title>${words}</title><main><h1>${words}</h1><p>All about ${words}.</main>`,
});

export const redirect = (location: string, status = 302): WebAnswer => ({ status, headers: { location } });

/** Answers nothing until the request is cancelled. */
export const silence = ({ url, signal }: FetchRequest): Promise<WebAnswer> =>
  new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(new FetchError("cancelled", `${url} was cancelled`)), {
      once: true,
    });
  });

export const robots = (body: string): WebAnswer => ({ headers: { "content-type": "text/plain" }, body });
