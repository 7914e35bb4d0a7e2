type Field = { name: string; from: number; to: number; names?: readonly string[] };

const FIELDS: readonly Field[] = [
  { name: "second", from: 0, to: 59 },
  { name: "minute", from: 0, to: 59 },
  { name: "hour", from: 0, to: 23 },
  { name: "day of month", from: 1, to: 31 },
  { name: "month", from: 1, to: 12, names: "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ") },
  { name: "weekday", from: 0, to: 7, names: "SUN MON TUE WED THU FRI SAT".split(" ") },
];

const NICKNAMES = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/**
 * What keeps a cron expression of five or six fields from being read, in words that follow it: which field, and what is
 * allowed there. `undefined` when nothing does; it may still never fire. Here rather than with the schedules, so that
 * settings are told apart without loading what computes them.
 */
export function findCronTextFault(cron: string): string | undefined {
  const text = cron.trim();
  if (text.startsWith("@")) {
    if (NICKNAMES.includes(text.toLowerCase())) return undefined;
    return `${JSON.stringify(text)} is none of ${NICKNAMES.join(", ")}`;
  }
  const parts = text === "" ? [] : text.split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6)
    return `has ${parts.length} field(s); it takes 5 (minute, hour, day of month, month, weekday), or 6 with the second before them`;
  const fields = FIELDS.slice(-parts.length);
  for (const [at, field] of fields.entries()) {
    const fault = findFieldFault(field, parts[at] ?? "");
    if (fault) return fault;
  }
  return undefined;
}

function findFieldFault(field: Field, text: string): string | undefined {
  const isWeekday = field.name === "weekday";
  // A leading + has the weekday hold besides the day of the month rather than instead of it.
  for (const entry of (isWeekday ? text.replace(/^\+/, "") : text).split(",")) {
    const fault = isSpecial(field, entry) ? undefined : findEntryFault(field, entry);
    if (fault) return fault;
  }
  return undefined;
}

/** `L`, `LW` and `15W` among the days of the month. */
function isSpecial({ name }: Field, entry: string): boolean {
  return name === "day of month" && /^(?:L|LW|(?:[1-9]|[12]\d|3[01])W)$/i.test(entry);
}

function findEntryFault(field: Field, entry: string): string | undefined {
  const { name, to } = field;
  if (entry === "") return `has an empty entry among those of the ${name}`;
  const [base = "", step, ...rest] = entry.split("/");
  if (rest.length > 0) return `${name} ${JSON.stringify(entry)} has more than one step`;
  if (step !== undefined && !(/^\d{1,3}$/.test(step) && Number(step) >= 1 && Number(step) <= to))
    return `${name} ${JSON.stringify(entry)} has a step that is not 1–${to}`;
  if (base === "*" || base === "?") return undefined;
  const isRange = base.includes("-");
  if (step !== undefined && !isRange)
    return `${name} ${JSON.stringify(entry)} has a step after a single value; a step follows * or a range, as in ${describeRange(field)}/${step}`;
  return isRange ? findRangeFault(field, base) : findValueFault(field, withoutOrdinal(field, base));
}

/** `5#2` is the second Friday of a month, `5L` the last one. */
function withoutOrdinal({ name }: Field, value: string): string {
  return name === "weekday" ? value.replace(/(?:#(?:[1-5]|L)|L)$/i, "") : value;
}

function findRangeFault(field: Field, range: string): string | undefined {
  const [first = "", last = "", ...rest] = range.split("-");
  if (rest.length > 0) return `${field.name} ${JSON.stringify(range)} is no range`;
  const fault = findValueFault(field, first) ?? findValueFault(field, last);
  if (fault) return fault;
  const [from = 0, to = 0] = [numberOf(field, first), numberOf(field, last)];
  const isBackwards = from > (to === 0 && field.name === "weekday" ? 7 : to);
  return isBackwards ? `${field.name} ${range} runs backwards` : undefined;
}

function findValueFault(field: Field, value: string): string | undefined {
  const number = numberOf(field, value);
  if (number !== undefined && number >= field.from && number <= field.to) return undefined;
  const names = field.names ? ` or ${field.names[0]}–${field.names.at(-1)}` : "";
  const shown = /^\d+$/.test(value) ? value : JSON.stringify(value);
  return `${field.name} ${shown} is not ${field.from}–${field.to}${names}`;
}

function numberOf({ names, from }: Field, value: string): number | undefined {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const at = names?.indexOf(value.toUpperCase()) ?? -1;
  return at === -1 ? undefined : at + from;
}

const describeRange = ({ from, to }: Field) => `${from}-${to}`;
