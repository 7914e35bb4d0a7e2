import { hostname } from "node:os";
import type { Clock } from "../clock.ts";
import type { InstanceRole } from "../config/roles.ts";
import type { Db, Store } from "../db/db.ts";
import type { Log } from "../telemetry/log.ts";
import { VERSION } from "../version.ts";
import { countLiveInstances, deleteInstance, deleteOtherInstances, saveBeat } from "./instances.ts";
import { createLoadMeter, type LoadMeter, type Work } from "./load.ts";

/** A sixth of the time after which nobody believes in a process any more. */
export const BEAT_EVERY_MS = 5_000;

/** What a process says of itself when it joins. */
export type Self = Work & {
  roles: ReadonlySet<InstanceRole>;
  /** Where its API is reached, if it has one. */
  url?: string | undefined;
};

/** This process among all that share its database, and what it knows of the others. */
export type Instances = {
  /** How many processes with that role were alive at the last beat, this one included; 0 until `isKnown`. */
  live(role: InstanceRole): number;
  /** Whether it has joined, and seen who else is there. */
  isKnown(): boolean;
  /**
   * Writes down how this process is and looks who else is there; also done by itself every few seconds. Does nothing
   * before it has joined. Never rejects: an outage is logged once, and lived through with what was known.
   */
  beat(): Promise<void>;
  join(store: Pick<Store, "db" | "kind">, self: Self): Promise<void>;
  /** Tells the others that it is about to end, so that nothing is expected of it. */
  announceEnd(): Promise<void>;
  /** Ends the beats and takes the row away. Never rejects. */
  leave(): Promise<void>;
};

type Joined = { db: Db; self: Self; meter: LoadMeter; timer: Timer | undefined };

export function createInstances(id: string, { clock, log }: { clock: Clock; log: Log }): Instances {
  const startedAt = clock.now();
  let joined: Joined | undefined;
  let live: Record<InstanceRole, number> | undefined;
  let stoppingAt: Date | null = null;
  let beating: Promise<void> | undefined;
  let missed = 0;

  async function write(db: Db, { roles, url }: Self, meter: LoadMeter): Promise<void> {
    const now = clock.now();
    await saveBeat(db, {
      ...{ id, startedAt, stoppingAt, seenAt: now, load: meter.read() },
      ...{ host: hostname(), pid: process.pid, version: VERSION, roles: [...roles], url: url ?? null },
    });
    live = await countLiveInstances(db, now);
  }

  async function beat(): Promise<void> {
    const at = joined;
    if (!at) return;
    beating ??= write(at.db, at.self, at.meter)
      .then(noteRecovery, noteFailure)
      .finally(() => {
        beating = undefined;
      });
    return beating;
  }

  function noteFailure(error: unknown): void {
    if (missed++ === 0) log.warn("heartbeat failed", { error });
  }

  function noteRecovery(): void {
    if (missed > 0) log.info("heartbeat recovered", { missed });
    missed = 0;
  }

  return {
    live: (role) => live?.[role] ?? 0,
    isKnown: () => live !== undefined,
    beat,
    join: async ({ db, kind }, self) => {
      const isAlone = kind === "embedded";
      // Who is alone has nobody to tell, and its disk rests: there is a beat when somebody wants to know.
      const timer = isAlone ? undefined : setInterval(beat, BEAT_EVERY_MS);
      timer?.unref();
      joined = { db, self, meter: createLoadMeter(self), timer };
      // The folder is locked, so whoever else has a row in it is dead.
      if (isAlone) await deleteOtherInstances(db, id).catch(noteFailure);
      await beat();
    },
    announceEnd: async () => {
      stoppingAt = clock.now();
      // One under way may have begun before that.
      await beating;
      await beat();
    },
    leave: async () => {
      const at = joined;
      if (!at) return;
      joined = undefined;
      clearInterval(at.timer);
      at.meter.stop();
      await beating;
      live = undefined;
      await deleteInstance(at.db, id).catch((error: unknown) => log.warn("own instance not deleted", { error }));
    },
  };
}
