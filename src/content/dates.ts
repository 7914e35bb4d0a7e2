const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const iso =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?$/i;
const compact = /^(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z)?)?$/;
const slashed = /^(\d{4})\/(\d{1,2})\/(\d{1,2})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const monthFirst = /^(?:[a-z]{3,9},? )?([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b/i;
const dayFirst =
  /^(?:[a-z]{3,9},? )?(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})\.?,?[ -](\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?(?: (Z|UTC|GMT|[+-]\d{4}))?)?/i;

/**
 * A page's date as ISO 8601: `2024-05-01`, or with a time `2024-05-01T10:00:00.000Z`. A time without a zone is taken as
 * UTC. `null` for what is no date, and for forms that read differently in different countries, such as 01/02/2024.
 */
export function toIsoDate(value: string | undefined): string | null {
  const text = value?.slice(0, 100).replace(/\s+/g, " ").trim();
  if (!text) return null;
  const numeric = iso.exec(text) ?? compact.exec(text) ?? slashed.exec(text);
  if (numeric) return build(numeric[1], numeric[2], numeric[3], numeric.slice(4));
  const named = monthFirst.exec(text);
  if (named) return build(named[3], monthOf(named[1]), named[2], []);
  const written = dayFirst.exec(text);
  if (written) return build(written[3], monthOf(written[2]), written[1], written.slice(4));
  if (/^1\d{9}$/.test(text)) return new Date(Number(text) * 1000).toISOString();
  if (/^1\d{12}$/.test(text)) return new Date(Number(text)).toISOString();
  return null;
}

function monthOf(name: string | undefined): string | undefined {
  const at = months.indexOf(name?.slice(0, 3).toLowerCase() ?? "");
  return at < 0 ? undefined : String(at + 1);
}

function build(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  [hour, minute, second, zone]: (string | undefined)[],
): string | null {
  if (!year || !month || !day) return null;
  const date = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const midnight = Date.parse(`${date}T00:00:00Z`);
  // Date.parse takes 30 February for 1 March.
  if (Number.isNaN(midnight) || new Date(midnight).getUTCDate() !== Number(day)) return null;
  if (Number(year) < 1900 || Number(year) > 2100) return null;
  if (hour === undefined || minute === undefined) return date;
  const time = `${hour.padStart(2, "0")}:${minute}:${second ?? "00"}`;
  const at = Date.parse(`${date}T${time}${offsetOf(zone)}`);
  return Number.isNaN(at) ? date : new Date(at).toISOString();
}

function offsetOf(zone: string | undefined): string {
  if (!zone || /^(?:z|utc|gmt)$/i.test(zone)) return "Z";
  return zone.includes(":") ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
}
