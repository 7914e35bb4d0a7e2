import { isIP } from "node:net";
import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { AppError, type Fault } from "../errors.ts";
import { HttpError } from "./problems.ts";

export const MAX_REQUEST_BYTES = 1_000_000;

/** What every request passes first: an id, a look at where it comes from, a bounded body of JSON. */
export const requestRules = ({ config }: Pick<App, "config">) =>
  new Elysia({ name: "requests" })
    .onRequest(({ request, set }) => {
      set.headers["x-request-id"] = requestIdOf(request);
      set.headers["x-content-type-options"] = "nosniff";
      set.headers["x-frame-options"] = "DENY";
      set.headers["referrer-policy"] = "no-referrer";
      set.headers["cross-origin-resource-policy"] = "same-origin";
      set.headers["content-security-policy"] = "default-src 'none'; frame-ancestors 'none'";
      refuseStrangers(request, config.HOST);
      refuseNul(request);
      refuseDoubles(request);
    })
    .onParse({ as: "global" }, async ({ request, contentType }) => readJson(request, contentType));

export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : Bun.randomUUIDv7();
}

/**
 * While a loopback service takes everybody at the keyboard for its owner, a website in that person's browser must not
 * pass for them: neither by a name of its own that resolves to this machine, nor by a request across origins.
 */
function refuseStrangers(request: Request, configuredHost: string): void {
  const host = request.headers.get("host") ?? "";
  const name = URL.parse(`http://${host}`)?.hostname ?? "";
  if (isLoopback(configuredHost) && !isOwnName(name, configuredHost)) {
    const mend = "use localhost or 127.0.0.1, or set HOST to the name under which the service is reached";
    throw new HttpError(403, "foreign_host", `The Host header names ${JSON.stringify(name)}; ${mend}`);
  }
  if (request.method === "GET" || request.method === "HEAD" || request.method === "OPTIONS") return;
  const origin = request.headers.get("origin");
  const isForeign = origin !== null && URL.parse(origin)?.host !== host.toLowerCase();
  if (isForeign || request.headers.get("sec-fetch-site") === "cross-site")
    throw new HttpError(403, "foreign_origin", "Pages of other websites may not send requests to this service");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function isOwnName(name: string, configuredHost: string): boolean {
  const address = name.startsWith("[") ? name.slice(1, -1) : name;
  return isIP(address) !== 0 || name === "localhost" || name === configuredHost.toLowerCase();
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

async function readJson(request: Request, contentType: string): Promise<unknown> {
  const text = await readText(request);
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
async function readText(request: Request): Promise<string> {
  const tooLarge = () =>
    new AppError("too_large", `The body is larger than ${MAX_REQUEST_BYTES} bytes; send less at a time`);
  if (Number(request.headers.get("content-length") ?? 0) > MAX_REQUEST_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_REQUEST_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new AppError("invalid", "The body is not valid UTF-8", { cause });
  }
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
