import type { RateLimiterAbstract, RateLimiterRes } from "rate-limiter-flexible";
import type { Cache } from "../cache.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import type { Log } from "../telemetry/log.ts";

/** What is left of a limit after a request was counted. */
export type Allowance = { isOver: boolean; limit: number; remaining: number; resetMs: number };

export type RateLimits = {
  /** Counts a request; `undefined` when there is no limit on its kind. */
  count(kind: "key" | "address", name: string): Promise<Allowance | undefined>;
  /** Counts a credential that was none. */
  countFailure(address: string): Promise<void>;
  /** Milliseconds for which no credential is looked at from an address; 0 as a rule. */
  blockedMs(address: string): number;
};

export const WINDOW_S = 60;

/** Bad credentials from one address in a window, after which none is looked at: enough for a script that starts up. */
const MAX_FAILURES = 30;

type Options = {
  config: Pick<Config, "RATE_LIMIT_PER_KEY" | "RATE_LIMIT_PER_ADDRESS">;
  cache: Pick<Cache, "client">;
  clock: Clock;
  log: Log;
  /** How many instances requests are spread over, this one included; asked anew with each request. */
  liveInstances?: () => number;
  windowS?: number;
};

/**
 * Requests in fixed windows that begin with the first of them. In Redis all instances count together; while it is away
 * each counts for itself in memory, and goes back to Redis as soon as that answers. Without Redis each allows its share
 * of the limit: a balancer spreads requests evenly enough, and a row of the database for each would cost more than most.
 */
export function createRateLimits({ config, cache, clock, log, ...options }: Options): RateLimits {
  const { liveInstances = () => 1, windowS = WINDOW_S } = options;
  const points = { key: config.RATE_LIMIT_PER_KEY, address: config.RATE_LIMIT_PER_ADDRESS };
  const hasFailureLimit = points.address > 0;
  const limiters = new Map<string, Promise<RateLimiterAbstract>>();
  const blockedUntil = new Map<string, number>();
  const now = () => clock.now().getTime();

  const limiterOf = (name: string, limit: number) => {
    let limiter = limiters.get(name);
    if (!limiter) {
      limiter = openLimiter(cache, `rate:${name}`, limit, windowS);
      limiters.set(name, limiter);
    }
    return limiter;
  };

  const shareOf = (limit: number) =>
    cache.client ? limit : Math.max(1, Math.floor(limit / Math.max(1, liveInstances())));

  const consume = async (name: string, limit: number, key: string): Promise<Allowance> => {
    const limiter = await limiterOf(name, limit);
    limiter.points = limit;
    try {
      return toAllowance(limit, await limiter.consume(key));
    } catch (over) {
      // The library rejects with the same value when too much was asked for, and with an error when it failed.
      if (over instanceof Error) throw over;
      return toAllowance(limit, over as RateLimiterRes);
    }
  };

  return {
    count: async (kind, name) => (points[kind] === 0 ? undefined : consume(kind, shareOf(points[kind]), name)),
    countFailure: async (address) => {
      if (!hasFailureLimit) return;
      const { isOver, remaining, resetMs } = await consume("failure", MAX_FAILURES, address);
      if (!isOver && remaining > 0) return;
      for (const [other, until] of blockedUntil) if (until <= now()) blockedUntil.delete(other);
      if (!blockedUntil.has(address)) log.warn("too many bad credentials", { address });
      blockedUntil.set(address, now() + resetMs);
    },
    blockedMs: (address) => Math.max(0, (blockedUntil.get(address) ?? 0) - now()),
  };
}

/** Loaded with the first request that counts, so that a service without limits does not pay for it. */
async function openLimiter({ client }: Pick<Cache, "client">, keyPrefix: string, points: number, duration: number) {
  const { default: RateLimiterMemory } = await import("rate-limiter-flexible/lib/RateLimiterMemory.js");
  const memory = new RateLimiterMemory({ keyPrefix, points, duration });
  if (!client) return memory;
  const { default: RateLimiterRedis } = await import("rate-limiter-flexible/lib/RateLimiterRedis.js");
  const redis = { storeClient: client, insuranceLimiter: memory, rejectIfRedisNotReady: true };
  // A client that goes on over the limit is refused from memory: it costs Redis nothing.
  return new RateLimiterRedis({ ...redis, keyPrefix, points, duration, inMemoryBlockOnConsumed: points + 1 });
}

function toAllowance(limit: number, { consumedPoints, remainingPoints, msBeforeNext }: RateLimiterRes): Allowance {
  // What the library refuses from memory says nothing of points consumed.
  const isOver = consumedPoints > limit || (consumedPoints === 0 && remainingPoints === 0);
  return { isOver, limit, remaining: Math.max(0, remainingPoints), resetMs: Math.max(0, msBeforeNext) };
}
