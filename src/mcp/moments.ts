import { parseMoment } from "../clock.ts";
import { AppError } from "../errors.ts";

/**
 * An instant, or a day for its beginning in UTC; `undefined` for nothing.
 * @throws AppError `invalid` naming the field
 */
export function readMoment(text: string | undefined, field: string): Date | undefined {
  if (text === undefined) return undefined;
  const moment = parseMoment(text.trim());
  if (moment) return moment;
  throw badInput(field, `must be an instant such as 2026-01-31T00:00Z or a day such as 2026-01-31, not ${shown(text)}`);
}

/** @param field as in the tool's input */
export function badInput(field: string, message: string): AppError {
  return new AppError("invalid", `${field} ${message}`, { faults: [{ at: `/${field}`, message }] });
}

const shown = (text: string) => JSON.stringify(text.slice(0, 60));
