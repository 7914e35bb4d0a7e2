import { getDomain } from "tldts";
import { judgeAnswer } from "../changes/answer.ts";
import { type Document, EXTRACTOR_VERSION } from "../content/document.ts";
import { isWorthReading } from "../content/mime.ts";
import { type Parsed, ParseError, type ParserPool } from "../content/parser-pool.ts";
import { type Fetch, FetchError, type FetchResponse } from "../fetch/fetch.ts";
import { isRetryableStatus, parseRetryAfter, retryDelayMs } from "../fetch/retry.ts";
import type { Log } from "../telemetry/log.ts";
import type { Discovery } from "./discover.ts";
import { type Doubt, describeDoubt, isNeverContent } from "./doubt.ts";
import { nameExtractOptions, toExtractOptions } from "./extract-options.ts";
import { type PendingUrl, toNewUrl } from "./frontier.ts";
import type { CrawlOptions } from "./options.ts";
import type { Visit, VisitOutcome } from "./visit-result.ts";

/** How the host took the request; what its politeness adapts to. */
export type HostReaction = {
  kind: "ok" | "client_error" | "server_error" | "throttled" | "network_error";
  latencyMs: number;
  retryAfterMs?: number;
};

export type VisitContext = {
  fetch: Fetch;
  parser: ParserPool;
  options: CrawlOptions;
  discovery: Discovery;
  /** The frontier is full: further links are counted, not kept. */
  hasPlenty: () => boolean;
  now: () => Date;
  random: () => number;
  /** Called once the host has answered, before the page is parsed, so that the next request need not wait for that. */
  onReaction: (reaction: HostReaction) => void;
  log: Log;
  /** Makes another host part of the website, now that a seed has moved there. */
  adoptHost: (host: string) => Promise<void>;
  signal: AbortSignal;
};

/** A server may ask for more patience than that; the crawl has its own. */
const MAX_RETRY_DELAY_MS = 600_000;

/** Redirects that lead from page to page before the chain is given up (as browsers: 20 there). */
const MAX_REDIRECTS = 10;

/** Fetches one URL of the frontier and says what came of it; never throws, but when `signal` ends it. */
export async function visit(context: VisitContext, entry: PendingUrl): Promise<Visit> {
  const startedAt = performance.now();
  const seen: Partial<Visit> = {};
  let outcome: VisitOutcome;
  try {
    const response = await context.fetch(toRequest(context, entry));
    seen.wireBytes = response.wireBytes;
    const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), context.now());
    context.onReaction({ kind: judgeStatus(response.status), latencyMs: response.latencyMs, retryAfterMs });
    outcome = await readAnswer(context, entry, response, retryAfterMs, seen);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof FetchError) {
      context.onReaction({ kind: reactionTo(error), latencyMs: performance.now() - startedAt });
    }
    outcome = describeFailure(context, entry, error);
  }
  const { wireBytes = 0, found = [], cut = {}, links } = seen;
  return { entry, outcome, at: context.now(), durationMs: performance.now() - startedAt, wireBytes, found, cut, links };
}

function describeFailure(context: VisitContext, entry: PendingUrl, error: unknown): VisitOutcome {
  if (error instanceof FetchError && error.isRetryable) return retryOrFail(context, entry, error);
  // The parser was busy, or closed: the page is none the worse.
  if (error instanceof ParseError && (error.code === "queue_full" || error.code === "cancelled")) {
    return retryOrFail(context, entry, error);
  }
  if (error instanceof FetchError || error instanceof ParseError) {
    return { kind: "failed", code: error.code, message: error.message };
  }
  // A fault of ours must not take the crawl with it.
  context.log.error("visit failed", { url: entry.url, error });
  return { kind: "failed", code: "internal", message: "An error of Orbweaver's own; the log has it" };
}

/** How documents are made under these options; see `pages.recipe`. */
export function recipeOf(options: CrawlOptions): string {
  const name = nameExtractOptions(toExtractOptions(options));
  return `${options.content}/${EXTRACTOR_VERSION}${name && `/${name}`}`;
}

const isConditional = ({ options }: VisitContext, { known }: PendingUrl) =>
  known !== null && (known.etag ?? known.lastModified) !== null && known.recipe === recipeOf(options);

function toRequest(context: VisitContext, entry: PendingUrl) {
  const { url, known } = entry;
  const headers: Record<string, string> = {};
  if (known && isConditional(context, entry)) {
    if (known.etag) headers["if-none-match"] = known.etag;
    if (known.lastModified) headers["if-modified-since"] = known.lastModified;
  }
  const wantsBody = (response: { status: number; headers: Headers }) =>
    response.status >= 200 && response.status < 300 && isWorthReading(response.headers, url);
  return { url, headers, maxRedirects: 0, wantsBody, signal: context.signal };
}

function judgeStatus(status: number): HostReaction["kind"] {
  if (status === 429 || status === 503) return "throttled";
  if (status >= 500) return "server_error";
  return status >= 400 ? "client_error" : "ok";
}

/** A refusal of our own says nothing about the host. */
function reactionTo({ code }: FetchError): HostReaction["kind"] {
  return code === "too_large" || code.startsWith("blocked") || code === "bad_encoding"
    ? "client_error"
    : "network_error";
}

async function readAnswer(
  context: VisitContext,
  entry: PendingUrl,
  response: FetchResponse,
  retryAfterMs: number | undefined,
  seen: Partial<Visit>,
): Promise<VisitOutcome> {
  const { status } = response;
  if (response.location !== undefined) return followRedirect(context, entry, response.location, status, seen);
  // To a request without conditions it is nonsense, and there is no page that it could leave as it is.
  if (status === 304 && isConditional(context, entry)) return { kind: "not_modified", status: 304 };
  if (status < 200 || status >= 300) {
    const code = `http_${status}`;
    const message = `${entry.url} answered ${status}`;
    if (isRetryableStatus(status)) return retryOrFail(context, entry, { code, message, status, retryAfterMs });
    return { kind: "failed", code, message, status };
  }
  return readPage(context, entry, response, seen);
}

async function followRedirect(
  { discovery, adoptHost }: VisitContext,
  entry: PendingUrl,
  location: string,
  status: number,
  seen: Partial<Visit>,
): Promise<VisitOutcome> {
  discovery.observeRedirect(entry.url);
  const chain = [...(entry.redirects ?? []), entry.url];
  let target = discovery.weigh(location, entry.depth);
  if ("reason" in target && target.reason === "scope" && entry.source === "seed" && isSameDomain(location, entry.url)) {
    await adoptHost(new URL(location).host);
    target = discovery.weigh(location, entry.depth);
  }
  if ("reason" in target) {
    return { kind: "skipped", reason: target.reason, message: `Redirects to ${location}`, status };
  }
  const shown = [...chain, target.url].join(" → ");
  if (chain.includes(target.url))
    return { kind: "failed", code: "redirect_loop", message: `Redirects go round: ${shown}`, status };
  if (chain.length > MAX_REDIRECTS)
    return {
      kind: "failed",
      code: "too_many_redirects",
      message: `More than ${MAX_REDIRECTS} redirects: ${shown}`,
      status,
    };
  seen.found = [
    toNewUrl(target.url, {
      depth: entry.depth,
      source: entry.source === "seed" ? "seed" : "redirect",
      redirects: chain,
    }),
  ];
  return { kind: "redirected", status, location: target.url };
}

/** `example.com` and `docs.example.com` are, two sites on `github.io` are not. */
function isSameDomain(a: string, b: string): boolean {
  const domain = getDomain(a, { allowPrivateDomains: true });
  return domain !== null && domain === getDomain(b, { allowPrivateDomains: true });
}

async function readPage(
  context: VisitContext,
  entry: PendingUrl,
  response: FetchResponse,
  seen: Partial<Visit>,
): Promise<VisitOutcome> {
  const { options, discovery, parser, signal } = context;
  const { headers, status } = response;
  const contentType = headers.get("content-type");
  const byteLength = response.isBodyRead ? response.body.byteLength : Number(headers.get("content-length") ?? 0) || 0;
  let parsed: Parsed | null = null;
  let doubt: Doubt | undefined;
  if (response.isBodyRead && isSameBody(context, entry, response.body)) {
    discovery.observe(entry.url, entry.known?.contentHash ?? "");
    return { kind: "not_modified", status: 200 };
  }
  if (response.isBodyRead) {
    const robotsTag = headers.get("x-robots-tag");
    const input = { url: response.url, body: response.body, contentType, robotsTag, ...toExtractOptions(options) };
    parsed = await parser.parse(input, signal);
    const { document } = parsed;
    const { found, cut } = discovery.follow(document.links, entry.depth, document.robots.nofollow);
    const isFull = found.length > 0 && context.hasPlenty();
    Object.assign(seen, isFull ? { cut: { ...cut, limit: found.length } } : { found, cut });
    if (options.noindex && document.robots.noindex) {
      return { kind: "skipped", reason: "noindex", message: "The page asks not to be indexed", status };
    }
    const canonical = findCanonical(context, entry, document.canonicalUrl);
    if (canonical !== undefined) {
      discovery.prefer(canonical);
      seen.found = [...(seen.found ?? []), toNewUrl(canonical, { depth: entry.depth, source: "canonical" })];
      return { kind: "skipped", reason: "canonical", message: `Its canonical URL is ${canonical}`, status };
    }
    doubt = findDoubt(entry, document, response.url);
    if (doubt !== undefined && !entry.known?.hasDocument && isNeverContent(doubt)) {
      return { kind: "failed", code: doubt, message: describeDoubt(doubt), status };
    }
    discovery.observe(entry.url, document.contentHash);
    seen.links = discovery.hashLinks(document.links);
  }
  const etag = headers.get("etag");
  const lastModified = headers.get("last-modified");
  return {
    kind: "page",
    status,
    contentType,
    byteLength,
    etag,
    lastModified,
    recipe: recipeOf(options),
    parsed,
    doubt,
  };
}

/** Whether the very bytes came that the page's document was made from: parsing them again would cost the most of all. */
function isSameBody({ options }: VisitContext, { known }: PendingUrl, body: Uint8Array): boolean {
  if (!known?.hasDocument || known.rawHash === null || known.recipe !== recipeOf(options)) return false;
  return Bun.SHA256.hash(body, "hex") === known.rawHash;
}

/** `undefined` for content, and for what is known already. */
function findDoubt({ known }: PendingUrl, document: Document, url: string): Doubt | undefined {
  if (known?.contentHash === document.contentHash) return undefined;
  const judgement = judgeAnswer(document, url);
  return judgement === "content" ? undefined : judgement;
}

/** The URL that the page is to be stored under instead of its own; `undefined` if it stays where it is. */
function findCanonical(
  { options, discovery }: VisitContext,
  entry: PendingUrl,
  named: string | null,
): string | undefined {
  if (options.canonical === "off" || named === null || entry.source === "canonical") return undefined;
  const weighed = discovery.weigh(named, entry.depth);
  if (!("url" in weighed) || weighed.url === entry.url) return undefined;
  // Two pages that name each other would leave the crawl with neither.
  if (discovery.isPreferred(entry.url)) return undefined;
  const withoutQuery = (url: string) => url.split("?", 1)[0];
  const isSamePath = withoutQuery(weighed.url) === withoutQuery(entry.url);
  return options.canonical === "all" || isSamePath ? weighed.url : undefined;
}

function retryOrFail(
  { options, now, random }: VisitContext,
  entry: PendingUrl,
  failure: { code: string; message: string; status?: number; retryAfterMs?: number },
): VisitOutcome {
  const { code, message, status } = failure;
  if (entry.attempts >= options.max_retries) return { kind: "failed", code, message, status };
  const backoffMs = retryDelayMs(entry.attempts + 1, { random, baseMs: 1_000, capMs: 60_000 });
  const delayMs = Math.min(MAX_RETRY_DELAY_MS, Math.max(backoffMs, failure.retryAfterMs ?? 0));
  return { kind: "retry", code, message, status, notBefore: new Date(now().getTime() + delayMs) };
}
