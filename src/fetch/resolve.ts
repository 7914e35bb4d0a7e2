import { lookup as systemLookup } from "node:dns/promises";
import type { Clock } from "../clock.ts";
import { FetchError } from "./fetch.ts";

/** All addresses of a name; rejects with an error whose `code` is that of `node:dns`. */
export type Lookup = (name: string) => Promise<readonly string[]>;

export type Resolver = {
  /**
   * At least one address, at once when it is known already.
   * @throws FetchError `dns`, retryable unless the name does not exist
   */
  resolve(name: string): readonly string[] | Promise<readonly string[]>;
  /** Puts the address that answered first, for as long as the look-up is remembered. */
  prefer(name: string, address: string): void;
};

type Answer = { until: number; addresses: readonly string[] } | { until: number; failure: FetchError };

const FOUND_MS = 60_000;
const MISSING_MS = 10_000;
const MAX_NAMES = 10_000;

const MISSING = new Set(["ENOTFOUND", "ENODATA", "EAI_NONAME", "EAI_NODATA", "NXDOMAIN"]);

export function createResolver(options: { clock: Clock; lookup?: Lookup; timeoutMs?: number }): Resolver {
  const { clock, lookup = lookupAll, timeoutMs = 10_000 } = options;
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
      const addresses = await withTimeout(lookup(name), name, timeoutMs);
      if (addresses.length === 0) throw missing(name);
      remember(name, { addresses, until: clock.now().getTime() + FOUND_MS });
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
      const shared = pending.get(name);
      if (shared) return shared;
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
