import { lookup } from "node:dns/promises";
import type { Clock } from "../clock.ts";
import { type Fetch, FetchError, type FetchResponse } from "../fetch/fetch.ts";
import { judgeClock } from "./clock-diagnosis.ts";
import { describeError, type Examination, pass, skip, warn } from "./diagnosis.ts";

/** `Date` counts seconds, and may be as old as the way was long. */
const CLOCK_WARN_MS = 10_000;
const CLOCK_FAIL_MS = 300_000;

const TIMEOUT_MS = 8_000;

/** Whether the way out is open, tried on one URL. A machine without it still serves what it has, so that it warns. */
export function networkExaminations(url: string, fetch: Fetch, clock: Clock): Examination[] {
  const { hostname } = new URL(url);
  let fetching: Promise<{ response: FetchResponse; at: number }> | undefined;
  const fetchOnce = () => {
    fetching ??= fetch({ url, maxBytes: 1_000_000, signal: AbortSignal.timeout(TIMEOUT_MS) }).then((response) => ({
      response,
      at: clock.now().getTime() - response.durationMs + response.latencyMs,
    }));
    return fetching;
  };
  return [
    {
      name: "dns",
      examine: async () => {
        try {
          const addresses = await withinMs(lookup(hostname, { all: true }));
          return pass(`${hostname} has ${addresses.length} address(es)`);
        } catch (error) {
          return warn(`${hostname} was not found: ${describeError(error)}`, "See /etc/resolv.conf and the way to it");
        }
      },
    },
    {
      name: "http",
      examine: async () => {
        try {
          const { response } = await fetchOnce();
          return pass(`${url} answered ${response.status} in ${Math.round(response.latencyMs)} ms`);
        } catch (error) {
          return warn(`${url} can't be fetched: ${describeError(error)}`, mendOf(error));
        }
      },
    },
    {
      name: "clock",
      examine: async () => {
        const fetched = await fetchOnce().catch(() => undefined);
        const date = Date.parse(fetched?.response.headers.get("date") ?? "");
        if (!fetched || Number.isNaN(date)) return skip("No server was reached whose clock it could be compared with");
        // Cut to whole seconds, it is half of one behind on the average.
        return judgeClock(fetched.at - date - 500, `that of ${hostname}`, CLOCK_WARN_MS, CLOCK_FAIL_MS);
      },
    },
  ];
}

function mendOf(error: unknown): string {
  const code = error instanceof FetchError ? error.code : "";
  if (code.startsWith("blocked"))
    return "It is of a private network: name it in ALLOW_PRIVATE_NETWORKS, or try another --url";
  if (code === "tls") return "See the machine's certificates and its clock";
  return "See the machine's way out: firewall, routes, DNS; proxies are not used";
}

/** A name server that does not answer is given up by itself only after many seconds. */
async function withinMs<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)), TIMEOUT_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
