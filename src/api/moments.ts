import { t } from "elysia";
import { parseMoment } from "../clock.ts";
import { badField } from "./fields.ts";

/** A point in time in a query, which people write by hand: an instant, or a day. */
export const Moment = (description: string) =>
  t.String({
    minLength: 1,
    maxLength: 40,
    description: `${description}: an instant (ISO 8601), or a day for its beginning in UTC`,
    examples: ["2026-01-31T00:00Z", "2026-01-31"],
  });

/**
 * `undefined` for nothing.
 * @throws AppError `invalid` naming the field
 */
export function readMoment(text: string, at: string): Date;
export function readMoment(text: string | undefined, at: string): Date | undefined;
export function readMoment(text: string | undefined, at: string): Date | undefined {
  if (text === undefined) return undefined;
  // An offset's plus is a space in a query unless it is encoded.
  const written = text.trim().replace(/ (?=\d{2}:\d{2}$)/, "+");
  const moment = parseMoment(written);
  if (moment) return moment;
  throw badField(
    at,
    `must be an instant such as 2026-01-31T00:00Z or a day such as 2026-01-31, not ${JSON.stringify(text)}`,
  );
}
