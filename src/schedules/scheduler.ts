import { Cron } from "croner";
import type { App } from "../app.ts";
import { createPulse, type Pulse } from "../pulse.ts";
import { withoutScope } from "../telemetry/scope.ts";
import { fireDueSchedules, mendSchedules } from "./firing.ts";
import {
  checkSystemSchedules,
  fireDueSystemSchedules,
  keepSystemSchedules,
  type SystemSchedule,
} from "./system-schedules.ts";

export type Scheduler = {
  /** Beats whenever what is due has been fired. */
  pulse: Pulse;
  /** Resolves when nothing is being fired any more. */
  stop(): Promise<void>;
};

type Context = Pick<App, "db" | "clock" | "log">;

/** What is looked for less often than what is due, since it hardly ever is there. */
const MEND_EVERY_MS = 60_000;

/**
 * Fires what is due, each second. It runs in as many instances as one likes: none leads, and none is missed.
 * @throws AppError `invalid` for a system schedule whose setting can't be
 */
export function startScheduler(context: Context, system: readonly SystemSchedule[]): Scheduler {
  const { clock, log } = context;
  checkSystemSchedules(system, clock.now());
  const pulse = createPulse(clock);
  let mendedAt: number | undefined;
  let isFailing = false;
  let ticking = Promise.resolve();

  async function tick(): Promise<void> {
    const now = clock.now().getTime();
    // Also when the clock was set back.
    if (mendedAt === undefined || Math.abs(now - mendedAt) >= MEND_EVERY_MS) {
      await keepSystemSchedules(context, system);
      await mendSchedules(context);
      mendedAt = now;
    }
    await fireDue(context, system);
    pulse.beat();
    isFailing = false;
  }

  const timer = new Cron("* * * * * *", { unref: true, protect: true }, () => {
    ticking = withoutScope(tick).catch((error: unknown) => {
      // Once, not each second for as long as a database is away.
      if (!isFailing) log.warn("firing schedules failed", { error });
      isFailing = true;
    });
    return ticking;
  });
  return {
    pulse,
    stop: async () => {
      timer.stop();
      await ticking;
    },
  };
}

/** What a scheduler does each second. Safe to repeat, and to do in several instances at once. */
export async function fireDue(context: Context, system: readonly SystemSchedule[]): Promise<void> {
  const { log } = context;
  for (const firing of await fireDueSchedules(context)) log.info("schedule fired", firing);
  for (const firing of await fireDueSystemSchedules(context, system)) log.debug("system schedule fired", firing);
}
