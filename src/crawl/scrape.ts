import type { App } from "../app.ts";
import { decodeText } from "../content/charset.ts";
import type { Document, DocumentInput, ExtractOptions } from "../content/document.ts";
import { isWorthReading, parseContentType, sniffType } from "../content/mime.ts";
import { ParseError } from "../content/parser-pool.ts";
import { AppError } from "../errors.ts";
import { FetchError, type FetchResponse, type Redirect } from "../fetch/fetch.ts";
import { canonicalizeUrl } from "./url.ts";

export type ScrapeRequest = {
  url: string;
  /** Obey robots.txt. Default true. */
  robots?: boolean;
  /** For everything together. Default 30 s. */
  timeoutMs?: number;
  /** As in `DocumentInput`. */
  explain?: boolean;
} & Partial<ExtractOptions>;

export type Scraped = {
  url: string;
  /** After redirects. */
  finalUrl: string;
  status: number;
  fetchedAt: Date;
  durationMs: number;
  redirects: Redirect[];
  document: Document;
  /** The body as text; `null` for what is not text. */
  html: string | null;
};

/** A page as it came, and what is to be parsed of it. */
export type FetchedPage = Omit<Scraped, "document" | "durationMs"> & { input: DocumentInput };

type Web = Pick<App, "fetch" | "parser" | "robots" | "clock">;

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Gets one page now, without storing anything.
 * @throws AppError `invalid` for a URL that can't be one; `unprocessable` when robots.txt or the guard forbids it;
 * `external` when the site fails or answers with an error; `timeout`. The finer `code` says which.
 */
export async function scrape(context: Web, request: ScrapeRequest, signal?: AbortSignal): Promise<Scraped> {
  const { url, robots, timeoutMs, explain, ...options } = request;
  const startedAt = performance.now();
  return withinTime(url, timeoutMs, signal, async (ended) => {
    const { input, ...page } = await fetchPage(context, { url, robots }, ended);
    const { document } = await context.parser.parse({ ...input, ...options, ...(explain ? { explain } : {}) }, ended);
    return { ...page, document, durationMs: performance.now() - startedAt };
  });
}

/**
 * Ends what is done about a page when its time is over.
 * @throws AppError as `scrape` does
 */
export async function withinTime<Result>(
  what: string,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  signal: AbortSignal | undefined,
  work: (ended: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await work(signal ? AbortSignal.any([signal, timeout]) : timeout);
  } catch (error) {
    if (timeout.aborted) throw new AppError("timeout", `${what} took longer than ${timeoutMs} ms`, { cause: error });
    throw toAppError(error);
  }
}

/** Fetches a page that has text to read; to be called within `withinTime`, which says what is thrown. */
export async function fetchPage(
  context: Web,
  request: Pick<ScrapeRequest, "url" | "robots">,
  signal: AbortSignal,
): Promise<FetchedPage> {
  const url = readUrl(request.url);
  if (request.robots ?? true) await refuseByRobots(context, url, signal);
  const wantsBody = ({ headers }: { headers: Headers }) => isWorthReading(headers, url);
  const response = await context.fetch({ url, wantsBody, signal });
  refuseErrors(url, response);
  const html = textOf(response);
  const { headers, body, status, redirects, url: finalUrl } = response;
  const contentType = headers.get("content-type");
  if (!response.isBodyRead) {
    const message = `${finalUrl} is ${contentType ?? "of no known type"}, which has no text to extract`;
    throw new AppError("unprocessable", message, { code: "type" });
  }
  const input = { url: finalUrl, body, contentType, robotsTag: headers.get("x-robots-tag") };
  return { url, finalUrl, status, redirects, html, fetchedAt: context.clock.now(), input };
}

function readUrl(text: string): string {
  const url = canonicalizeUrl(text, undefined, { mode: "keep" });
  if (url !== undefined) return url;
  const message = "must be an absolute http or https URL, without a password, such as https://example.com/";
  throw new AppError("invalid", `url: ${JSON.stringify(text)} ${message}`, { faults: [{ at: "/url", message }] });
}

async function refuseByRobots({ robots }: Pick<App, "robots">, url: string, signal: AbortSignal): Promise<void> {
  const rules = await robots.get(url, signal);
  if (rules.isAllowed(url)) return;
  if (rules.failure) throw rules.failure;
  throw new AppError("unprocessable", `${url} may not be fetched: ${rules.reason}`, { code: "robots" });
}

function refuseErrors(url: string, { status }: FetchResponse): void {
  if (status >= 200 && status < 300) return;
  throw new AppError("external", `${url} answered ${status}`, { code: `http_${status}` });
}

function textOf({ body, headers, isBodyRead }: FetchResponse): string | null {
  if (!isBodyRead) return null;
  const contentType = headers.get("content-type");
  const essence = sniffType(contentType, body);
  return /^(text\/|application\/(.+\+)?(xml|json))/.test(essence)
    ? decodeText(body, parseContentType(contentType)?.parameters.get("charset")).text
    : null;
}

function toAppError(error: unknown): unknown {
  if (error instanceof ParseError && error.code === "queue_full")
    return new AppError("unavailable", error.message, { code: error.code, cause: error });
  if (error instanceof ParseError)
    return new AppError("unprocessable", error.message, { code: error.code, cause: error });
  if (!(error instanceof FetchError)) return error;
  const { code, message } = error;
  if (code === "bad_url" || code === "blocked_scheme") return new AppError("invalid", message, { code, cause: error });
  if (code.startsWith("blocked")) return new AppError("unprocessable", message, { code, cause: error });
  return new AppError(code === "timeout" ? "timeout" : "external", message, { code, cause: error });
}
