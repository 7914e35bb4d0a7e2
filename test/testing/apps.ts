import { type App, type OpenOptions, openWeb } from "../../src/app.ts";
import type { Clock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Config } from "../../src/config/settings.ts";
import type { Store } from "../../src/db/db.ts";
import { jobsOf } from "../../src/jobs/jobs.ts";
import { createLog } from "../../src/telemetry/log.ts";

/** The program over a test's database. It may fetch from this machine, and its log goes nowhere unless `log` is given. */
export function openTestApp(store: Store, options: OpenOptions = {}, settings: Partial<Config> = {}): App {
  const config = readConfig({ ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8,localhost" }, { PARSER_THREADS: 1, ...settings });
  const clock = options.clock ?? createFastClock();
  const web = openWeb(config, { log: createLog("error", clock, () => {}), ...options, clock });
  const jobs = jobsOf(store.db);
  // Opened with the store, before anybody knew whose clock and cache it would go by.
  jobs.clock = clock;
  jobs.announceOver(web.cache);
  return { ...web, store, db: store.db, jobs };
}

/** Real time, `factor` times as fast: what waits for seconds is over in a blink, and still happens in its order. */
export function createFastClock(factor = 50): Clock {
  const startedAt = performance.now();
  const start = Date.now();
  return {
    now: () => new Date(start + (performance.now() - startedAt) * factor),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const timer = setTimeout(resolve, ms / factor);
        signal?.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      }),
  };
}

/** Goes fast from a time on, and is moved by hand. */
export function createMovedClock(start: string): Clock & { move(ms: number): void } {
  const fast = createFastClock(100);
  let offset = new Date(start).getTime() - fast.now().getTime();
  return {
    ...fast,
    now: () => new Date(fast.now().getTime() + offset),
    move: (ms: number) => {
      offset += ms;
    },
  };
}
