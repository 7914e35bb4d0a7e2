import { FetchError, type FetchFailureCode } from "../fetch/fetch.ts";
import { parseRetryAfter } from "../fetch/retry.ts";
import type { SendContext, Sent } from "./format.ts";

export type Post = {
  url: string;
  /** Default POST. */
  method?: "POST" | "PUT";
  headers: Record<string, string>;
  body: string;
};

/** What is kept of a request and of its answer; the rest of an answer is not even read. */
const KEPT_REQUEST_CHARACTERS = 16_384;
const KEPT_ANSWER_BYTES = 4_096;
const READ_BYTES = 65_536;
const KEPT_HEADERS = 40;
const KEPT_HEADER_CHARACTERS = 500;

/** What will be so again however often it is tried. */
const PERMANENT: readonly FetchFailureCode[] = ["blocked_address", "blocked_port", "blocked_scheme", "bad_url"];

type Head = { status: number; headers: Headers };

/**
 * Sends one request and tells what came of it; follows no redirect. A status of 2xx is a delivery, whatever becomes of
 * the body after it.
 */
export async function post(
  { fetch, clock }: Pick<SendContext, "fetch" | "clock">,
  { url, method = "POST", headers, body }: Post,
  signal: AbortSignal,
): Promise<Sent> {
  const shown = body.length > KEPT_REQUEST_CHARACTERS ? `${body.slice(0, KEPT_REQUEST_CHARACTERS)}…` : body;
  const request = { method, url, headers, body: shown };
  let head: Head | undefined;
  const noteHead = (response: Head) => {
    head = response;
    return true;
  };
  const options = { maxRedirects: 0, maxBytes: READ_BYTES, wantsBody: noteHead, signal };
  try {
    const response = await fetch({ url, method, headers: { accept: "*/*", ...headers }, body, ...options });
    return { request, ...judge(response, clock.now(), response.body, response.location) };
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    // Who answers and then hangs, breaks off or never ends has said all that is asked of it.
    if (head) return { request, ...judge(head, clock.now(), undefined, undefined) };
    return { request, error: error.message, isDelivered: false, isPermanent: PERMANENT.includes(error.code) };
  }
}

function judge(
  { status, headers }: Head,
  now: Date,
  body: Uint8Array | undefined,
  location: string | undefined,
): Omit<Sent, "request"> {
  const isDelivered = status >= 200 && status < 300;
  return {
    status,
    answer: { headers: keepHeaders(headers), body: body ? keepBody(body) : null },
    ...{ isDelivered, isGone: status === 410, retryAfterMs: parseRetryAfter(headers.get("retry-after"), now) },
    error: isDelivered ? undefined : describe(status, location),
  };
}

function describe(status: number, location: string | undefined): string {
  if (status >= 300 && status < 400)
    return `It answered ${status}${location ? `, to ${location}` : ""}; redirects are not followed: name the address itself`;
  if (status === 410) return "It answered 410: it wants nothing any more";
  return `It answered ${status}`;
}

function keepHeaders(headers: Headers): Record<string, string> {
  const list = [...headers].filter(([name]) => name !== "set-cookie").slice(0, KEPT_HEADERS);
  return Object.fromEntries(list.map(([name, value]) => [name, value.slice(0, KEPT_HEADER_CHARACTERS)]));
}

/** PostgreSQL's texts have no zero bytes. */
function keepBody(body: Uint8Array): string {
  return new TextDecoder().decode(body.subarray(0, KEPT_ANSWER_BYTES)).replaceAll("\0", "\uFFFD");
}
