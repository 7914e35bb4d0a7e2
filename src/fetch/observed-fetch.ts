import type { Attributes, Telemetry } from "../telemetry/telemetry.ts";
import { type Fetch, FetchError, type FetchResponse } from "./fetch.ts";

/**
 * Tells of every request: a span, its time and its bytes. Nothing of it is told to the site: a `traceparent` header would
 * let strangers tie our requests together.
 */
export function observeFetch(fetch: Fetch, telemetry: Telemetry): Fetch {
  if (!telemetry.recorder && !telemetry.isTracing) return fetch;
  return async (request) => {
    const startedAt = performance.now();
    const tell = (outcome: string, bytes: number) => {
      telemetry.observe("orbweaver.fetch.duration", { outcome }, (performance.now() - startedAt) / 1_000);
      if (bytes > 0) telemetry.count("orbweaver.fetch.bytes", { outcome }, bytes);
    };
    const run = async (): Promise<FetchResponse> => {
      try {
        const response = await fetch(request);
        tell(`${Math.floor(response.status / 100)}xx`, response.wireBytes);
        return response;
      } catch (error) {
        tell(error instanceof FetchError ? error.code : "internal", 0);
        throw error;
      }
    };
    if (!telemetry.isTracing) return run();
    return telemetry.span("GET", { kind: "client", attributes: describe(request.url) }, async (span) => {
      try {
        const response = await run();
        const { status, wireBytes, redirects } = response;
        span.set({
          "http.response.status_code": status,
          "http.response.body.size": wireBytes,
          "orbweaver.redirects": redirects.length,
          ...(status >= 400 ? { "error.type": String(status) } : {}),
        });
        return response;
      } catch (error) {
        span.set({ "error.type": error instanceof FetchError ? error.code : "internal" });
        throw error;
      }
    });
  };
}

/** The URL without a user and password; secrets in its query are left out where all attributes are. */
function describe(text: string): Attributes {
  const url = URL.parse(text);
  if (!url) return { "http.request.method": "GET" };
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return {
    "http.request.method": "GET",
    "url.full": shown.href,
    "server.address": url.hostname,
    "server.port": Number(url.port) || (url.protocol === "https:" ? 443 : 80),
  };
}
