import { Cron } from "croner";
import type { ChannelTiming } from "../db/schema/notifications.ts";

/**
 * When what is gathered after an instant is told; `undefined` for what is told at once. By the clocks of the time zone: an
 * hour that does not exist is when they jump, one that comes twice is the first of the two.
 */
export function nextDigestAt({ mode, timeZone, hour, weekday }: ChannelTiming, after: Date): Date | undefined {
  if (mode === "immediate") return undefined;
  const expression = { hourly: "0 * * * *", daily: `0 ${hour} * * *`, weekly: `0 ${hour} * * ${weekday % 7}` }[mode];
  // UTC needs no calendar, which takes a while to be loaded.
  const zone = timeZone === "UTC" ? { utcOffset: 0 } : { timezone: timeZone };
  const cron = new Cron(expression, { ...zone, fixedTimeRule: "no-wildcard" });
  return cron.nextRun(after) ?? undefined;
}

/** Why a time zone can't be one, in words that follow its name; `undefined` when it can. */
export function findZoneFault(timeZone: string): string | undefined {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone });
    return undefined;
  } catch {
    return `${JSON.stringify(timeZone)} is no time zone; take a name such as UTC or Europe/Berlin`;
  }
}
