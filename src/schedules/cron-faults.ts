import { CronPattern } from "croner";
import { findCronTextFault } from "../config/cron-text.ts";

/** Five or six fields, the seconds first, and no year. */
export const CRON_MODE = "5-or-6-parts";

/**
 * What keeps a cron expression from being read, in words that follow "cron": which field, and what is allowed there.
 * `undefined` when it can be read; it may still never fire. The parser's own messages name neither, so that it is asked
 * last, for whatever our rules let through.
 */
export function findCronFault(cron: string): string | undefined {
  const fault = findCronTextFault(cron);
  if (fault || cron.trim().startsWith("@")) return fault;
  try {
    new CronPattern(cron.trim(), undefined, { mode: CRON_MODE });
    return undefined;
  } catch (error) {
    return `can't be read: ${(error as Error).message.replace(/^CronPattern: (?:Syntax error, )?/, "")}`;
  }
}
