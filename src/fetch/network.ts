import type { Clock } from "../clock.ts";
import type { AddressPolicy } from "./address-policy.ts";
import { parseAddress } from "./addresses.ts";
import { discardBody, readBody } from "./body.ts";
import { decodeBody } from "./content-encoding.ts";
import { isAddressAtFault, toFetchError } from "./failures.ts";
import { type Fetch, FetchError, type FetchRequest, type FetchResponse, type Redirect } from "./fetch.ts";
import { type Lifetime, openLifetime } from "./lifetime.ts";
import { assertMayFollow, findRedirectTarget } from "./redirects.ts";
import { toHeaders, withoutCredentials } from "./request-headers.ts";
import { createResolver, type Lookup, type SharedAnswers } from "./resolve.ts";

export type NetworkFetchOptions = {
  userAgent: string;
  policy: AddressPolicy;
  /** For bodies, on the wire and decoded, where the request sets no limit of its own. */
  maxBytes: number;
  timeouts: {
    /** How long an address that has not answered yet may take while its name has others to try. */
    connectMs: number;
    /** From the request to the end of the response's headers, connecting included. */
    headersMs: number;
    /** For everything: look-up, all hops, the body. */
    totalMs: number;
  };
  clock: Clock;
  lookup?: Lookup;
  /** Addresses that other instances found; each is judged all the same. */
  sharedAnswers?: SharedAnswers;
  /** A certificate authority to trust instead of the system's, in PEM. */
  ca?: string;
};

type Hop = { url: URL; headers: Record<string, string> };
type HopOutcome = Pick<FetchResponse, "status" | "headers" | "body" | "isBodyRead" | "wireBytes" | "latencyMs"> & {
  target: URL | undefined;
};

const MAX_REDIRECTS = 10;
const IDLE_SECONDS = 60;
const MAX_IDLE_CONNECTIONS = 128;
const MAX_PROVEN = 10_000;
const NO_BODY = new Uint8Array(0);

/**
 * The way to the network: resolves each name once, has the policy judge every address, and connects to the very
 * address that was judged. Proxies of the environment are not used, since they would resolve the name again.
 */
export function createNetworkFetch(options: NetworkFetchOptions): { fetch: Fetch; close(): void } {
  const { policy, timeouts, ca } = options;
  const resolver = createResolver({
    ...{ clock: options.clock, lookup: options.lookup, shared: options.sharedAnswers },
  });
  const session = new Bun.FetchSession({
    proxy: false,
    tls: ca === undefined ? undefined : { ca },
    keepAlive: { idleTimeout: IDLE_SECONDS, maxIdleSockets: MAX_IDLE_CONNECTIONS },
  });
  // Addresses whose last request was answered: they may think for as long as headers may take.
  const proven = new Set<string>();

  const findAddresses = async (url: URL, lifetime: Lifetime) => {
    const literal = parseAddress(url.hostname);
    if (literal) return [literal.toString()];
    const found = resolver.resolve(url.hostname);
    return found instanceof Promise ? lifetime.race(found) : found;
  };

  const visit = async (hop: Hop, request: FetchRequest, lifetime: Lifetime): Promise<HopOutcome> => {
    policy.checkUrl(hop.url);
    const addresses = await findAddresses(hop.url, lifetime);
    // All of them, before any connection: a public name that points inwards as well is a trick or a mistake.
    for (const address of addresses) policy.checkAddress(hop.url, address);

    let failure: FetchError | undefined;
    for (const [index, address] of addresses.entries()) {
      const isLast = index === addresses.length - 1;
      const isPatient = isLast || proven.has(address);
      const boundMs = isPatient ? timeouts.headersMs : Math.min(timeouts.connectMs, timeouts.headersMs);
      let isAnswered = false;
      try {
        const outcome = await lifetime.attempt(
          boundMs,
          () => headersTimeout(hop.url, address, boundMs),
          async ({ signal, calm }) => {
            const sentAt = performance.now();
            const response = await send(hop, request, address, signal);
            isAnswered = true;
            calm();
            return receive(hop, response, performance.now() - sentAt, request);
          },
        );
        if (index > 0) resolver.prefer(hop.url.hostname, address);
        if (proven.size >= MAX_PROVEN) proven.clear();
        if (addresses.length > 1) proven.add(address);
        return outcome;
      } catch (error) {
        failure = toFetchError(error, hop.url, address);
        proven.delete(address);
        if (isAnswered || !isAddressAtFault(failure)) throw failure;
      }
    }
    throw failure ?? new FetchError("dns", `${hop.url.hostname} has no address`);
  };

  const send = (hop: Hop, { method, body }: FetchRequest, address: string, signal: AbortSignal): Promise<Response> => {
    const { url } = hop;
    const isNamed = parseAddress(url.hostname) === undefined;
    const host = address.includes(":") ? `[${address}]` : address;
    const pinned = isNamed
      ? `${url.protocol}//${host}${url.port === "" ? "" : `:${url.port}`}${url.pathname}${url.search}`
      : url.href;
    return session.fetch(pinned, {
      method,
      body,
      headers: { ...hop.headers, host: url.host },
      signal,
      redirect: "manual",
      decompress: false,
      // An address has no name to indicate: its certificate is checked against the address in the URL.
      tls: isNamed && url.protocol === "https:" ? { serverName: serverName(url), ca } : undefined,
    });
  };

  const receive = async (
    hop: Hop,
    response: Response,
    latencyMs: number,
    request: FetchRequest,
  ): Promise<HopOutcome> => {
    const { status, headers } = response;
    const target = findRedirectTarget(response, hop.url);
    const isFollowed = target !== undefined && maxRedirectsOf(request) > 0;
    const isBodyRead = !isFollowed && (request.wantsBody?.({ status, headers }) ?? true);
    if (!isBodyRead) {
      await discardBody(response);
      return { status, headers, body: NO_BODY, isBodyRead, wireBytes: 0, latencyMs, target };
    }

    const maxBytes = request.maxBytes ?? options.maxBytes;
    const wire = await readBody(response, maxBytes, hop.url);
    const body = await decodeBody(wire, headers.get("content-encoding"), maxBytes, hop.url);
    return { status, headers, body, isBodyRead, wireBytes: wire.byteLength, latencyMs, target };
  };

  const fetch: Fetch = async (request) => {
    const startedAt = performance.now();
    const maxRedirects = maxRedirectsOf(request);
    const redirects: Redirect[] = [];
    let hop: Hop = { url: parseUrl(request.url), headers: toHeaders(options.userAgent, request.headers) };
    const lifetime = openLifetime(hop.url.host, timeouts.totalMs, request.signal);

    try {
      for (;;) {
        const { target, ...outcome } = await visit(hop, request, lifetime);
        if (!target || maxRedirects === 0) {
          const durationMs = performance.now() - startedAt;
          return { url: hop.url.href, ...outcome, redirects, location: target?.href, durationMs };
        }
        redirects.push({ url: hop.url.href, status: outcome.status, location: target.href });
        assertMayFollow(redirects, maxRedirects);
        hop = {
          url: target,
          headers: target.origin === hop.url.origin ? hop.headers : withoutCredentials(hop.headers),
        };
      }
    } finally {
      lifetime.close();
    }
  };

  return { fetch, close: () => session.close() };
}

/** What was sent to one place is not for another, wherever that leads. */
function maxRedirectsOf({ body, maxRedirects = MAX_REDIRECTS }: FetchRequest): number {
  return body === undefined ? maxRedirects : 0;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw new FetchError("bad_url", `"${text.slice(0, 200)}" is no absolute URL`);
  url.hash = "";
  return url;
}

/** A final dot makes a name absolute for the resolver, and unknown to certificates (RFC 6066 §3). */
function serverName(url: URL): string {
  return url.hostname.endsWith(".") ? url.hostname.slice(0, -1) : url.hostname;
}

function headersTimeout(url: URL, address: string, boundMs: number): FetchError {
  const message = `${url.host} (${address}) sent no complete headers within ${boundMs} ms`;
  return new FetchError("timeout", message, { isRetryable: true });
}
