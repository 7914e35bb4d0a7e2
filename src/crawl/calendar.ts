import type { UrlParts } from "./url-shape.ts";

/** A calendar's own pages can be empty in the past as well; elsewhere an old date is an archive's. */
const firstYear = 1990;
/** Years ahead that people plan for. */
const yearsAhead = 2;

const calendarWord = /calend|kalend|event|agenda|termin|schedule|booking|availab/i;
const dateName = /^(?:.*[-_[])?(?:date|day|month|week|start|end|from|to|since|until|time|d|cal)\]?$/i;
const yearName = /^(?:.*[-_[])?(?:year|yr|y|jahr|annee|ano)\]?$/i;
const monthName = /^(?:.*[-_[])?(?:month|mon|mo|m|monat|mois|mes|week|w|day)\]?$/i;

/**
 * Whether a URL is a date in a calendar so far away that nobody wrote anything there: later than in two years, or, with a
 * word such as `calendar` or `events` in it, before 1990. A year alone is no date: `/climate/2050` is a page.
 */
export function isFarDate({ segments, parameters }: UrlParts, now: Date): boolean {
  const last = now.getUTCFullYear() + yearsAhead;
  const years = [...pathYears(segments), ...queryYears(parameters)];
  if (years.length === 0) return false;
  if (years.some((year) => year > last)) return true;
  return years.some((year) => year < firstYear) && hasCalendarWord(segments, parameters);
}

/** `/2031/05`, `/2031-05`, `/2031-05-17`: the year, when a month follows. */
function pathYears(segments: string[]): number[] {
  const years: number[] = [];
  for (const [index, segment] of segments.entries()) {
    if (segment.length < 4 || segment.charCodeAt(0) > 0x39) continue;
    const dashed = yearOfDate(segment);
    if (dashed !== undefined) years.push(dashed);
    else if (isYear(segment) && isMonth(segments[index + 1])) years.push(Number(segment));
  }
  return years;
}

/** `date=2031-05-17`, `day=20310517`, `year=2031&month=5`. */
function queryYears(parameters: UrlParts["parameters"]): number[] {
  const years: number[] = [];
  for (const { name, value } of parameters) {
    const dashed = yearOfDate(value);
    if (dashed !== undefined) years.push(dashed);
    else if (isCompactDate(value) && dateName.test(name)) years.push(Number(value.slice(0, 4)));
    else if (isYear(value) && yearName.test(name) && parameters.some((other) => monthName.test(other.name))) {
      years.push(Number(value));
    }
  }
  return years;
}

/** Years 1000 to 2999. */
function isYear(text: string): boolean {
  return /^[12]\d{3}$/.test(text);
}

function isMonth(text: string | undefined): boolean {
  return text !== undefined && /^(?:0?[1-9]|1[0-2])$/.test(text);
}

function yearOfDate(text: string): number | undefined {
  const match = /^([12]\d{3})-(?:0?[1-9]|1[0-2])(?:-(?:0?[1-9]|[12]\d|3[01]))?(?:$|[T_ +%])/.exec(text);
  return match ? Number(match[1]) : undefined;
}

function isCompactDate(text: string): boolean {
  return /^[12]\d{3}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?$/.test(text);
}

function hasCalendarWord(segments: string[], parameters: UrlParts["parameters"]): boolean {
  return (
    segments.some((segment) => calendarWord.test(segment)) || parameters.some(({ name }) => calendarWord.test(name))
  );
}
