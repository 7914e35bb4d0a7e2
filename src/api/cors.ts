import { isLoopback } from "../access/opening.ts";
import type { Config } from "../config/settings.ts";

/** Which pages of other origins may use the API, and what a browser is told of it (WHATWG Fetch §3.2). */
export type CorsPolicy = {
  allows(origin: string): boolean;
  /** Whether answers differ by origin, so that caches must keep them apart. */
  varies: boolean;
  /** What a browser must see on every answer to let an allowed page read it. */
  headersFor(origin: string | null): Record<string, string>;
  /** What it must see in answer to the question before a request; nothing unless that is one. */
  preflightHeaders(request: Request, methods: readonly string[]): Record<string, string>;
};

/** Whether a request comes from another website's page that nobody has let in. */
export function isForeign({ headers }: Request, cors: CorsPolicy): boolean {
  const origin = headers.get("origin");
  if (origin === null || cors.allows(origin)) return false;
  const host = URL.parse(origin)?.host;
  return host === undefined || host !== headers.get("host")?.toLowerCase();
}

const REQUEST_HEADERS = [
  "Accept",
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "If-None-Match",
  "Last-Event-ID",
  "Mcp-Method",
  "Mcp-Name",
  "MCP-Protocol-Version",
  "Mcp-Session-Id",
  "Traceparent",
  "X-API-Key",
  "X-Request-Id",
].join(", ");

const ANSWER_HEADERS = [
  "Deprecation",
  "ETag",
  "Idempotent-Replayed",
  "Location",
  "Mcp-Session-Id",
  "RateLimit-Limit",
  "RateLimit-Policy",
  "RateLimit-Remaining",
  "RateLimit-Reset",
  "Retry-After",
  "Sunset",
  "X-Orbweaver-Crawl-Id",
  "X-Orbweaver-Indexed-At",
  "X-Orbweaver-Version",
  "X-Request-Id",
].join(", ");

/** How long a browser need not ask again; Chromium takes no more. */
const PREFLIGHT_AGE_S = 7_200;

/**
 * Credentials of the browser's own (cookies) are never let through: keys and tokens come in a header, which needs none.
 * Where everybody at the keyboard is the owner, as on an open loopback service, `*` opens nothing: any website could
 * act as that person, so such origins must be named.
 */
export function createCorsPolicy(config: Pick<Config, "CORS_ORIGINS" | "HOST">, isOpen: boolean): CorsPolicy {
  const patterns = config.CORS_ORIGINS.split(",").map((entry) => entry.trim().toLowerCase().replace(/\/$/, ""));
  const allowsAll = patterns.includes("*") && !(isOpen && isLoopback(config.HOST));
  const exact = new Set(patterns.filter((pattern) => pattern !== "" && !pattern.includes("*")));
  const anyPort = patterns.filter((pattern) => pattern.endsWith(":*")).map((pattern) => pattern.slice(0, -2));
  const allows = (origin: string) => {
    if (origin === "null") return false;
    return allowsAll || exact.has(origin) || anyPort.includes(origin.replace(/:\d+$/, ""));
  };
  return {
    allows,
    varies: !allowsAll && (exact.size > 0 || anyPort.length > 0),
    headersFor: (origin): Record<string, string> => {
      if (origin === null || !allows(origin)) return {};
      return {
        "access-control-allow-origin": allowsAll ? "*" : origin,
        "access-control-expose-headers": ANSWER_HEADERS,
        // Without it a page that embeds a document by its URL is refused in spite of all the above.
        "cross-origin-resource-policy": "cross-origin",
      };
    },
    preflightHeaders: ({ headers }, methods): Record<string, string> => {
      const origin = headers.get("origin");
      if (origin === null || !headers.has("access-control-request-method") || !allows(origin)) return {};
      return {
        "access-control-allow-methods": methods.join(", "),
        "access-control-allow-headers": REQUEST_HEADERS,
        "access-control-max-age": String(PREFLIGHT_AGE_S),
      };
    },
  };
}
