import { ACCEPT_ENCODING } from "./content-encoding.ts";
import { FetchError } from "./fetch.ts";

const ACCEPT = "text/html,application/xhtml+xml,text/markdown;q=0.9,application/xml;q=0.9,text/plain;q=0.8,*/*;q=0.5";

// Set by the fetcher, or by the runtime from what it sends; a caller's would undo the guard or the framing.
const OWN_HEADERS = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "upgrade",
  "te",
  "keep-alive",
]);

// RFC 9110 §5.6.2 and §5.5.
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

// Whoever is named by a redirect has no claim to what was meant for another.
const CREDENTIALS = new Set(["authorization", "cookie", "proxy-authorization"]);

/**
 * A request's headers, names in lower case: the caller's, where they are the caller's to choose.
 * @throws FetchError `protocol` for a header that would end its line
 */
export function toHeaders(userAgent: string, given: Record<string, string> = {}): Record<string, string> {
  const headers: Record<string, string> = { accept: ACCEPT };
  for (const [name, value] of Object.entries(given)) {
    const key = name.toLowerCase();
    if (OWN_HEADERS.has(key)) continue;
    if (!HEADER_NAME.test(key) || !HEADER_VALUE.test(value)) {
      throw new FetchError(
        "protocol",
        `The request header "${name}" can't be sent: it has a character that none may have`,
      );
    }
    headers[key] = value;
  }
  headers["user-agent"] ??= userAgent;
  // Not the caller's to choose: it is what the decoder understands.
  headers["accept-encoding"] = ACCEPT_ENCODING;
  return headers;
}

/** For a hop to another origin. */
export function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name.toLowerCase())));
}
