import { collapse } from "../dom.ts";
import { calendarDate, slashedDate } from "./calendar-date.ts";
import { findWrittenDates } from "./written-dates.ts";

const iso =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:T| T?) ?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)? ?(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?(?: ?\[[\w/]{1,40}\])?)?$/i;
const compact = /^(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})?)?$/;
const slashed = /^(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const dayOrMonthFirst = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:,? (\d{1,2}):(\d{2})(?::(\d{2}))?( ?[AP]M)?)?$/i;
/** A time with its zone, as at the end of RFC 5322's dates. A time without one says too little to keep. */
const zonedTime = /[ T](\d{1,2}):(\d{2})(?::(\d{2}))? ?((?:UTC|GMT)?[+-]\d{2}:?\d{2}|Z|UTC|GMT)(?: \([^()]{1,40}\))?$/i;

/**
 * The date that a value is, as ISO 8601: `2024-05-01`, or with a time `2024-05-01T10:00:00+02:00`, in the zone it was
 * given in and without one if there was none. `null` for what is no date or none that can be, and for forms that read
 * differently in different countries, such as 01/02/2024, unless `language` (BCP 47) tells.
 */
export function toIsoDate(value: string | undefined, language: string | null = null): string | null {
  const text = collapse(value?.slice(0, 100) ?? "");
  if (!/\d/.test(text)) return null;
  const numeric = iso.exec(text) ?? compact.exec(text) ?? slashed.exec(text);
  if (numeric) return withTime(calendarDate(numeric[1], numeric[2], numeric[3]), numeric.slice(4));
  if (/^1\d{9}$/.test(text)) return `${new Date(Number(text) * 1000).toISOString().slice(0, 19)}Z`;
  if (/^1\d{12}$/.test(text)) return `${new Date(Number(text)).toISOString().slice(0, 19)}Z`;
  const local = dayOrMonthFirst.exec(text);
  if (local) return fromLocalForm(local, language);
  if (text.length > 60) return null;
  const [written] = findWrittenDates(text, language);
  return written ? withTime(written.date, zonedTime.exec(text)?.slice(1) ?? []) : null;
}

function fromLocalForm(match: RegExpExecArray, language: string | null): string | null {
  const [, first, mark, second, year, hour, minute, seconds, half] = match;
  const date = mark === "." ? calendarDate(year, second, first) : slashedDate(first, second, year, language);
  const isEvening = half?.trim().toLowerCase() === "pm";
  const onClock = half ? String((Number(hour) % 12) + (isEvening ? 12 : 0)) : hour;
  return withTime(date, [onClock, minute, seconds]);
}

function withTime(date: string | null, [hour, minute, second, zone]: readonly (string | undefined)[]): string | null {
  if (date === null || hour === undefined || minute === undefined) return date;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 60) return date;
  return `${date}T${hour.padStart(2, "0")}:${minute}:${second ?? "00"}${offsetOf(zone)}`;
}

function offsetOf(zone: string | undefined): string {
  if (!zone) return "";
  if (/^(?:z|utc|gmt)$/i.test(zone)) return "Z";
  const digits = zone.replace(/^[a-z]+|:/gi, "");
  const [hours, minutes] = [digits.slice(0, 3), digits.slice(3) || "00"];
  if (Math.abs(Number(hours)) > 14 || Number(minutes) > 59) return "";
  return `${hours}:${minutes}`;
}
