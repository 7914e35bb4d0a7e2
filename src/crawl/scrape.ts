import type { App } from "../app.ts";
import { decodeText } from "../content/charset.ts";
import type { Document, DocumentInput } from "../content/document.ts";
import { isWorthReading, parseContentType, sniffType } from "../content/mime.ts";
import { ParseError } from "../content/parser-pool.ts";
import { AppError } from "../errors.ts";
import { FetchError, type FetchResponse, type Redirect } from "../fetch/fetch.ts";
import { canonicalizeUrl } from "./url.ts";

export type ScrapeRequest = {
  url: string;
  content?: DocumentInput["content"];
  /** Obey robots.txt. Default true. */
  robots?: boolean;
  /** For everything together. Default 30 s. */
  timeoutMs?: number;
};

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

/**
 * Gets one page now, without storing anything.
 * @throws AppError `invalid` for a URL that can't be one; `unprocessable` when robots.txt or the guard forbids it;
 * `external` when the site fails or answers with an error; `timeout`. The finer `code` says which.
 */
export async function scrape(
  context: Pick<App, "fetch" | "parser" | "robots" | "clock">,
  request: ScrapeRequest,
  signal?: AbortSignal,
): Promise<Scraped> {
  const startedAt = performance.now();
  const timeoutMs = request.timeoutMs ?? 30_000;
  const timeout = AbortSignal.timeout(timeoutMs);
  const ended = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const url = readUrl(request.url);
    if (request.robots ?? true) await refuseByRobots(context, url, ended);
    const wantsBody = ({ headers }: { headers: Headers }) => isWorthReading(headers);
    const response = await context.fetch({ url, wantsBody, signal: ended });
    refuseErrors(url, response);
    const html = textOf(response);
    const { headers, body } = response;
    const document = await readDocument(
      context,
      response,
      {
        url: response.url,
        body,
        contentType: headers.get("content-type"),
        robotsTag: headers.get("x-robots-tag"),
        content: request.content ?? "main",
      },
      ended,
    );
    const { status, redirects, url: finalUrl } = response;
    const durationMs = performance.now() - startedAt;
    return { url, finalUrl, status, redirects, document, html, fetchedAt: context.clock.now(), durationMs };
  } catch (error) {
    if (timeout.aborted)
      throw new AppError("timeout", `${request.url} took longer than ${timeoutMs} ms`, { cause: error });
    throw toAppError(error);
  }
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

async function readDocument(
  { parser }: Pick<App, "parser">,
  { isBodyRead }: FetchResponse,
  input: DocumentInput,
  signal: AbortSignal,
): Promise<Document> {
  if (isBodyRead) return (await parser.parse(input, signal)).document;
  const message = `${input.url} is ${input.contentType ?? "of no known type"}, which has no text to extract`;
  throw new AppError("unprocessable", message, { code: "type" });
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
