import { isIP } from "node:net";
import { Elysia } from "elysia";
import { isLoopback } from "../access/opening.ts";
import type { Config } from "../config/settings.ts";
import { AppError, type Fault } from "../errors.ts";
import { type CorsPolicy, isForeign } from "./cors.ts";
import { HttpError } from "./problems.ts";
import { findContext } from "./request-context.ts";

/** Longer than any that means something here; the runtime itself cuts off request lines and headers beyond 16 KB. */
const MAX_URL_LENGTH = 8_000;

type Rules = { config: Config; cors: CorsPolicy; isOpen: boolean };

/** What every request passes first: what is said of every answer, a look at where it comes from, a bounded body of JSON. */
export const requestRules = ({ config, cors, isOpen }: Rules) => {
  const isTrusting = isOpen && isLoopback(config.HOST);
  return new Elysia({ name: "requests" })
    .onRequest(({ request, set }) => {
      Object.assign(set.headers, answerHeaders(request, cors));
      if (isTrusting) refuseStrangers(request, config.HOST, cors);
      refuseLong(request);
      refuseNul(request);
      refuseDoubles(request);
    })
    .onParse({ as: "global" }, async ({ request, contentType }) =>
      readJson(request, contentType, config.MAX_REQUEST_BYTES),
    );
};

export const SECURITY_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** A year. What other names below this host do is not ours to say. */
const HSTS = "max-age=31536000";

/** What every answer says, whatever becomes of the request; a route's own headers go before these. */
export function answerHeaders(request: Request, cors: CorsPolicy): Record<string, string> {
  const { requestId = "", isSecure = false } = findContext(request) ?? {};
  return {
    ...SECURITY_HEADERS,
    "x-request-id": requestId,
    ...(isSecure ? { "strict-transport-security": HSTS } : {}),
    ...cors.headersFor(request.headers.get("origin")),
  };
}

export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : Bun.randomUUIDv7();
}

/**
 * While an open loopback service takes everybody at the keyboard for its owner, a website in that person's browser must
 * not pass for them: neither by a name of its own that resolves to this machine, nor by a request across origins.
 */
function refuseStrangers(request: Request, configuredHost: string, cors: CorsPolicy): void {
  const host = request.headers.get("host") ?? "";
  const name = URL.parse(`http://${host}`)?.hostname ?? "";
  if (!isOwnName(name, configuredHost)) {
    const mend = "use localhost or 127.0.0.1, or set HOST to the name under which the service is reached";
    throw new HttpError(403, "foreign_host", `The Host header names ${JSON.stringify(name)}; ${mend}`);
  }
  if (request.method === "GET" || request.method === "HEAD" || request.method === "OPTIONS") return;
  const origin = request.headers.get("origin");
  if (origin !== null && cors.allows(origin)) return;
  if (isForeign(request, cors) || request.headers.get("sec-fetch-site") === "cross-site") {
    const mend = "name their origin in CORS_ORIGINS to let them";
    throw new HttpError(
      403,
      "foreign_origin",
      `Pages of other websites may not send requests to this service; ${mend}`,
    );
  }
}

function isOwnName(name: string, configuredHost: string): boolean {
  const address = name.startsWith("[") ? name.slice(1, -1) : name;
  return isIP(address) !== 0 || name === "localhost" || name === configuredHost.toLowerCase();
}

function refuseLong({ url }: Request): void {
  if (url.length <= MAX_URL_LENGTH) return;
  throw new HttpError(414, "url_too_long", `The URL is longer than ${MAX_URL_LENGTH} characters`);
}

/** PostgreSQL has no way to keep or to compare it. */
function refuseNul({ url }: Request): void {
  if (url.includes("%00")) throw new AppError("invalid", "The URL holds a NUL (%00), which nothing here contains");
}

/** Which of two was meant can't be known. */
function refuseDoubles({ url }: Request): void {
  if (!url.includes("&")) return;
  const seen = new Set<string>();
  const doubled = [...new URL(url).searchParams.keys()].find((name) => seen.size === seen.add(name).size);
  if (doubled === undefined) return;
  const message = "may be given once only";
  throw new AppError("invalid", `${doubled} ${message}`, { faults: [{ at: doubled, message }] });
}

async function readJson(request: Request, contentType: string, maxBytes: number): Promise<unknown> {
  const text = await readText(request, maxBytes);
  if (text === "") return undefined;
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity")
    throw new HttpError(415, "unsupported_encoding", `The body is encoded as ${encoding}; send it as it is`);
  if (contentType.split(";")[0]?.trim().toLowerCase() !== "application/json") {
    const sent = contentType === "" ? "has no Content-Type" : `is ${contentType}`;
    throw new HttpError(415, "unsupported_type", `The body ${sent}; send JSON with Content-Type: application/json`, {
      accept: "application/json",
    });
  }
  const value = parseJson(text);
  const fault = findUnusable(value);
  if (fault) throw new AppError("invalid", `${fault.at || "The body"} ${fault.message}`, { faults: [fault] });
  return value;
}

/** Counted while it comes in, since the declared length may be absent. */
async function readText(request: Request, maxBytes: number): Promise<string> {
  const tooLarge = () => new AppError("too_large", `The body is larger than ${maxBytes} bytes; send less at a time`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
  const context = findContext(request);
  if (context) context.isReceiving = true;
  const chunks = await readChunks(request, (size) => {
    if (size > maxBytes) throw tooLarge();
  });
  if (context) context.isReceiving = false;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new AppError("invalid", "The body is not valid UTF-8", { cause });
  }
}

async function readChunks(request: Request, check: (size: number) => void): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength;
      check(size);
      chunks.push(chunk);
    }
  } catch (cause) {
    // The client has left in the middle of it: nobody reads the answer, and nothing is wrong here.
    const hasLeft = cause instanceof Error && cause.name === "AbortError";
    throw hasLeft ? new HttpError(400, "broken_off", "The body broke off") : cause;
  }
  return chunks;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^JSON Parse error: /, "") : "";
    throw new AppError("invalid", `The body is not valid JSON: ${why}`, {
      code: "malformed_json",
      faults: [{ at: "", message: "must be valid JSON" }],
      cause,
    });
  }
}

/** Deeper than anything that is asked for here, and shallow enough for whatever reads it recursively. */
const MAX_NESTING = 32;

/** What no database column and no UTF-8 can hold, and what is nested for no good. */
function findUnusable(value: unknown, at = "", depth = 0): Fault | undefined {
  if (depth > MAX_NESTING) return { at: "", message: `may be nested ${MAX_NESTING} deep at the most` };
  if (typeof value === "string" && isUnstorable(value)) return { at, message: UNSTORABLE };
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const fault = isUnstorable(name) ? { at, message: UNSTORABLE } : findUnusable(inner, `${at}/${name}`, depth + 1);
    if (fault) return fault;
  }
  return undefined;
}

const UNSTORABLE = "holds a NUL or half a surrogate pair, which no text may";

const isUnstorable = (text: string) => text.includes("\0") || !text.isWellFormed();
