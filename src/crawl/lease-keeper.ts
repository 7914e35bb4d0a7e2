import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import type { Log } from "../telemetry/log.ts";
import { type HostLease, renewHosts, SURE_MS } from "./host-leases.ts";
import type { HostPoliteness } from "./host-politeness.ts";
import { LeaseLostError } from "./lease.ts";

const RENEW_MS = 3_000;

/** A host that this process holds. */
export type HeldHost = HostLease & {
  /** Aborted with a LeaseLostError once somebody else has the host. */
  readonly lost: AbortSignal;
  /** Resolves at once while the lease is sure to hold, otherwise when it was renewed. @throws LeaseLostError */
  hold(): Promise<void>;
  /** Tells that the lease was found to be lost. */
  lose(): void;
  /** No longer renewed. */
  release(): void;
};

/** Renews the hosts that this process holds, all of them by one statement. */
export type LeaseKeeper = {
  /** @param politeness what is to be remembered of the host by now */
  keep(lease: HostLease & { crawlId: string }, politeness: () => HostPoliteness | undefined): HeldHost;
  /** Hosts that it renews now. */
  readonly size: number;
};

type Kept = HostLease & { politeness: () => HostPoliteness | undefined; renewedAt: number; lose(): void };

export function createLeaseKeeper({ db, clock, log }: { db: Db; clock: Clock; log: Log }): LeaseKeeper {
  const kept = new Map<string, Kept>();
  let renewing: Promise<void> | undefined;
  let sleeping: AbortController | undefined;

  /** Never rejects: without the database nothing is known, which `hold` waits for. */
  function renew(): Promise<void> {
    renewing ??= renewAll()
      .catch((error) => log.warn("hosts not renewed", { hosts: kept.size, error }))
      .finally(() => {
        renewing = undefined;
      });
    return renewing;
  }

  async function renewAll(): Promise<void> {
    // The leases hold for so long from when they were asked for, not from when the answer came.
    const askedAt = performance.now();
    const asked = [...kept.values()];
    const held = await renewHosts(
      db,
      asked.map(({ host, token, politeness }) => ({ host, token, politeness: politeness() })),
    );
    for (const lease of asked) {
      if (held.has(lease.token)) lease.renewedAt = askedAt;
      else if (kept.has(lease.token)) lease.lose();
    }
  }

  async function renewOnAndOn(): Promise<void> {
    const stop = new AbortController();
    sleeping = stop;
    while (kept.size > 0) {
      await clock.sleep(RENEW_MS, stop.signal).catch(() => {});
      if (kept.size > 0) await renew();
    }
    sleeping = undefined;
  }

  return {
    get size() {
      return kept.size;
    },
    keep({ host, token, crawlId }, politeness) {
      const lost = new AbortController();
      const lease: Kept = {
        ...{ host, token, politeness, renewedAt: performance.now() },
        lose: () => {
          kept.delete(token);
          lost.abort(new LeaseLostError(crawlId));
        },
      };
      kept.set(token, lease);
      if (!sleeping) void renewOnAndOn();
      const isSure = () => performance.now() - lease.renewedAt < SURE_MS;
      return {
        ...{ host, token, lost: lost.signal, lose: lease.lose },
        hold: async () => {
          lost.signal.throwIfAborted();
          while (!isSure()) {
            await renew();
            lost.signal.throwIfAborted();
            if (!isSure()) await clock.sleep(RENEW_MS, lost.signal);
          }
        },
        release: () => {
          kept.delete(token);
          if (kept.size === 0) sleeping?.abort();
        },
      };
    },
  };
}
