import { AppError } from "../errors.ts";

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/i;

/**
 * An instant, or a day for its beginning in UTC; `undefined` for nothing.
 * @throws AppError `invalid` naming the field
 */
export function readMoment(text: string | undefined, field: string): Date | undefined {
  if (text === undefined) return undefined;
  const [, day = ""] = MOMENT.exec(text.trim()) ?? [];
  const instant = new Date(text.trim());
  // There is no 30 February, which dates are made of all the same.
  const isDay = day !== "" && new Date(day).toJSON()?.startsWith(day) === true;
  if (isDay && !Number.isNaN(instant.getTime()) && instant.getUTCFullYear() >= 1) return instant;
  throw badInput(field, `must be an instant such as 2026-01-31T00:00Z or a day such as 2026-01-31, not ${shown(text)}`);
}

/** @param field as in the tool's input */
export function badInput(field: string, message: string): AppError {
  return new AppError("invalid", `${field} ${message}`, { faults: [{ at: `/${field}`, message }] });
}

const shown = (text: string) => JSON.stringify(text.slice(0, 60));
