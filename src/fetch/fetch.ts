/** Why a request brought no response. Stable names: they are stored with the page and shown to people. */
export type FetchFailureCode =
  | "dns"
  | "connect"
  | "tls"
  | "timeout"
  | "too_large"
  | "redirect_loop"
  | "too_many_redirects"
  | "bad_redirect"
  | "blocked_address"
  | "blocked_port"
  | "blocked_scheme"
  | "bad_url"
  | "bad_encoding"
  | "protocol"
  | "cancelled";

/** A request that brought no usable response. `isRetryable` says whether the same request may succeed later. */
export class FetchError extends Error {
  readonly code: FetchFailureCode;
  readonly isRetryable: boolean;

  constructor(code: FetchFailureCode, message: string, extra: { isRetryable?: boolean; cause?: unknown } = {}) {
    super(message, { cause: extra.cause });
    this.name = "FetchError";
    this.code = code;
    this.isRetryable = extra.isRetryable ?? false;
  }
}

export type FetchRequest = {
  /** Absolute, `http:` or `https:`. */
  url: string;
  /** Default GET. What has a body is never sent again to where a redirect leads: `maxRedirects` is 0 then. */
  method?: "GET" | "POST" | "PUT";
  body?: Uint8Array<ArrayBuffer> | string;
  headers?: Record<string, string>;
  /** Redirects to follow, 0 to get the 3xx response itself. Default 10. */
  maxRedirects?: number;
  /** Limit for the body, on the wire and decoded. Default: the fetcher's. */
  maxBytes?: number;
  /** Asked once the headers are in; false leaves the body unread. Default: always true. */
  wantsBody?: (response: { status: number; headers: Headers }) => boolean;
  signal?: AbortSignal;
};

export type Redirect = { url: string; status: number; location: string };

export type FetchResponse = {
  /** The URL that answered, after redirects. */
  url: string;
  status: number;
  headers: Headers;
  /** Content-decoded; empty when the body was not wanted. */
  body: Uint8Array<ArrayBuffer>;
  isBodyRead: boolean;
  /** Body bytes as they came over the wire. */
  wireBytes: number;
  /** The hops that were followed, oldest first. */
  redirects: Redirect[];
  /** Absolute target of a 3xx that was not followed. */
  location?: string;
  /** Milliseconds from the request to the response's headers, of the last hop. */
  latencyMs: number;
  /** Milliseconds for everything, all hops and the body. */
  durationMs: number;
};

/**
 * Asks one URL. Every outgoing request of the product passes an implementation of this: the guarded network fetcher, or
 * a folder of files that stands for a website.
 * @throws FetchError for anything that is not an HTTP response; a 404 or a 500 is a response.
 */
export type Fetch = (request: FetchRequest) => Promise<FetchResponse>;
