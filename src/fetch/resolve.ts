import { lookup as systemLookup } from "node:dns/promises";
import type { Cache } from "../cache.ts";
import type { Clock } from "../clock.ts";
import { parseAddress } from "./addresses.ts";
import { FetchError } from "./fetch.ts";

/** All addresses of a name; rejects with an error whose `code` is that of `node:dns`. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** Where instances leave their answers to one another. */
export type SharedAnswers = Pick<Cache, "get" | "set">;

export type Resolver = {
  /**
   * At least one address, at once when it is known already.
   * @throws FetchError `dns`, retryable unless the name does not exist
   */
  resolve(name: string): readonly string[] | Promise<readonly string[]>;
  /** Puts the address that answered first, for as long as the look-up is remembered. */
  prefer(name: string, address: string): void;
};

type Found = { until: number; addresses: readonly string[] };
type Answer = Found | { until: number; failure: FetchError };

const FOUND_MS = 60_000;
const MISSING_MS = 10_000;
const MAX_NAMES = 10_000;
/** Of one name; nobody has so many but to waste our time. */
const MAX_ADDRESSES = 256;

const MISSING = new Set(["ENOTFOUND", "ENODATA", "EAI_NONAME", "EAI_NODATA", "NXDOMAIN"]);

/**
 * Remembers answers for a minute. Those of other instances are taken as a name server's are: as claims, each address of
 * which the policy judges before every connection. Failures are not shared, since they may be this machine's own.
 */
export function createResolver(options: {
  clock: Clock;
  lookup?: Lookup;
  timeoutMs?: number;
  shared?: SharedAnswers;
}): Resolver {
  const { clock, lookup = lookupAll, timeoutMs = 10_000, shared } = options;
  const answers = new Map<string, Answer>();
  const pending = new Map<string, Promise<readonly string[]>>();

  const remember = (name: string, answer: Answer) => {
    answers.delete(name);
    answers.set(name, answer);
    if (answers.size <= MAX_NAMES) return;
    const oldest = answers.keys().next();
    if (!oldest.done) answers.delete(oldest.value);
  };

  const ask = async (name: string) => {
    try {
      const now = clock.now().getTime();
      const told = parseShared(await shared?.get(keyOf(name)), now);
      if (told) {
        remember(name, told);
        return told.addresses;
      }
      const addresses = await withTimeout(lookup(name), name, timeoutMs);
      if (addresses.length === 0) throw missing(name);
      const answer = { addresses, until: clock.now().getTime() + FOUND_MS };
      remember(name, answer);
      void shared?.set(keyOf(name), JSON.stringify(answer), FOUND_MS);
      return addresses;
    } catch (error) {
      const failure = toFailure(name, error);
      // A fault that may heal is asked again: the caller's backoff is the brake.
      if (!failure.isRetryable) remember(name, { failure, until: clock.now().getTime() + MISSING_MS });
      throw failure;
    }
  };

  return {
    resolve(name) {
      const known = answers.get(name);
      if (known && known.until > clock.now().getTime()) {
        if ("failure" in known) throw known.failure;
        return known.addresses;
      }
      const awaited = pending.get(name);
      if (awaited) return awaited;
      const asked = ask(name).finally(() => pending.delete(name));
      pending.set(name, asked);
      return asked;
    },

    prefer(name, address) {
      const known = answers.get(name);
      if (!known || "failure" in known || known.addresses[0] === address || !known.addresses.includes(address)) return;
      const others = known.addresses.filter((other) => other !== address);
      answers.set(name, { ...known, addresses: [address, ...others] });
    },
  };
}

const keyOf = (name: string) => `dns:${name}`;

/** `undefined` for nothing, for what is too old, and for what is no answer at all. */
function parseShared(text: string | undefined, now: number): Found | undefined {
  if (text === undefined) return undefined;
  try {
    const { until, addresses } = JSON.parse(text) as Partial<Found>;
    if (typeof until !== "number" || !(until > now)) return undefined;
    const isAnswer = Array.isArray(addresses) && addresses.length > 0 && addresses.length <= MAX_ADDRESSES;
    if (!isAnswer || !addresses.every((one) => typeof one === "string" && parseAddress(one))) return undefined;
    // A clock that is ahead must not make an answer live longer than one of our own.
    return { until: Math.min(until, now + FOUND_MS), addresses };
  } catch {
    return undefined;
  }
}

async function lookupAll(name: string): Promise<readonly string[]> {
  const found = await systemLookup(name, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}

/** A look-up can't be called off: it is left to end by itself, unheard. */
function withTimeout<T>(promise: Promise<T>, name: string, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `Looking up ${name} took longer than ${timeoutMs} ms: the name server does not answer`;
      reject(new FetchError("dns", message, { isRetryable: true }));
    }, timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function missing(name: string, cause?: unknown): FetchError {
  return new FetchError("dns", `${name} has no address: check that the name is spelled right`, { cause });
}

function toFailure(name: string, error: unknown): FetchError {
  if (error instanceof FetchError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  if (MISSING.has(code)) return missing(name, error);
  return new FetchError("dns", `Looking up ${name} failed (${code})`, { isRetryable: true, cause: error });
}
