import { isIPv6 } from "node:net";
import { isLoopback } from "../access/opening.ts";
import { isProven, type Principal, STRANGER, toViewer } from "../access/principal.ts";
import type { Viewer } from "../access/viewer.ts";
import type { IdempotentClaim } from "./idempotent-answers.ts";

/** What is known of a request beside what it says: set before the routes, read by them. */
export type RequestContext = {
  requestId: string;
  /** The client's, looked for behind proxies that are trusted. */
  address: string;
  /** Whether the client came by HTTPS, to a proxy that is trusted. */
  isSecure: boolean;
  /** Whoever has proved to be somebody; everybody on an open service. */
  principal?: Principal;
  /** While the request's body is still coming in. */
  isReceiving?: boolean;
  /** Made when somebody asks for it, see `signalOf`. */
  signal?: AbortSignal;
  /** Aborts it. */
  abort?(reason: unknown): void;
  /** The request is worked under an idempotency key, and its answer is to be kept. */
  claim?: IdempotentClaim;
};

const contexts = new WeakMap<Request, RequestContext>();

export function setContext(request: Request, context: RequestContext): void {
  contexts.set(request, context);
}

export function findContext(request: Request): RequestContext | undefined {
  return contexts.get(request);
}

/** A stranger unless somebody has been recognised: what forgets to ask may do nothing. */
export function principalOf(request: Request): Principal {
  return contexts.get(request)?.principal ?? STRANGER;
}

/** On whose behalf the request is made. */
export function viewerOf(request: Request): Viewer {
  return toViewer(principalOf(request));
}

/** Ends work that nobody waits for any more: the client has gone, or was told that it took too long. */
export function signalOf(request: Request): AbortSignal {
  const context = contexts.get(request);
  if (!context) return request.signal;
  if (!context.signal) {
    const overdue = new AbortController();
    context.abort = (reason) => overdue.abort(reason);
    context.signal = AbortSignal.any([request.signal, overdue.signal]);
  }
  return context.signal;
}

/** Against whom what is done counts: a key, a user who came with a token, or an address. */
export type Subject = { kind: "key" | "address"; name: string };

/** `undefined` for the person at the keyboard of an open service, who could not be kept from anything anyway. */
export function subjectOf(request: Request): Subject | undefined {
  const { address = "", principal } = contexts.get(request) ?? {};
  if (principal && isProven(principal)) return { kind: "key", name: principal.keyId ?? principal.userId };
  if (principal && isLoopback(address)) return undefined;
  return { kind: "address", name: networkOf(address) };
}

/** IPv6 comes by the /64, of which every subscriber has at least one. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  return `${[...groups, ...Array<string>(zeros).fill("0"), ...rest].slice(0, 4).join(":")}::/64`;
}
