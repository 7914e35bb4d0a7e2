import type { Clock } from "../clock.ts";
import { createAddressPolicy } from "./address-policy.ts";
import type { Fetch } from "./fetch.ts";
import { createNetworkFetch } from "./network.ts";
import { parseRetryAfter } from "./retry.ts";

/** What an endpoint of the operator's answered, whatever its status. */
export type EndpointAnswer = { status: number; text: string; retryAfterMs: number | undefined };

/** A service that the operator named in the settings, such as a language model's. */
export type OperatorEndpoint = {
  /** @throws FetchError when there is no answer, or one that is too long or too late */
  post(body: object, signal?: AbortSignal): Promise<EndpointAnswer>;
  close(): void;
};

type Options = {
  url: string;
  headers: Record<string, string>;
  timeoutMs: number;
  maxAnswerBytes: number;
};

type Parts = { clock: Clock; userAgent: string; fetch?: Fetch };

/**
 * A way to one host alone, which may be in this network, since the operator names it. It follows no redirect, and is
 * opened by the first that asks.
 */
export function createOperatorEndpoint(
  { url, headers, timeoutMs, maxAnswerBytes }: Options,
  { clock, userAgent, fetch: given }: Parts,
): OperatorEndpoint {
  let network: ReturnType<typeof createNetworkFetch> | undefined;
  const reach: Fetch = (request) => {
    network ??= createNetworkFetch({
      ...{ userAgent, clock, maxBytes: maxAnswerBytes },
      policy: createAddressPolicy({ allow: [hostAndPort(url)] }),
      timeouts: { connectMs: 5_000, headersMs: timeoutMs, totalMs: timeoutMs },
    });
    return network.fetch(request);
  };
  const ask = given ?? reach;
  return {
    post: async (body, signal) => {
      const response = await ask({
        url,
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json", ...headers },
        body: JSON.stringify(body),
        ...{ maxRedirects: 0, maxBytes: maxAnswerBytes },
        ...(signal ? { signal } : {}),
      });
      const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), clock.now());
      return { status: response.status, text: new TextDecoder().decode(response.body), retryAfterMs };
    },
    close: () => network?.close(),
  };
}

/** Where the settings' base URL leads to with a path added. */
export function underBase(base: string, path: string): string {
  return `${withoutFinalSlashes(base)}/${path}`;
}

export function withoutFinalSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end--;
  return text.slice(0, end);
}

function hostAndPort(text: string): string {
  const { hostname, port, protocol } = new URL(text);
  return `${hostname}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
}
