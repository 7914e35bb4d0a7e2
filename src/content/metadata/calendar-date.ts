/** Years that a page on the web may be dated with. */
const firstYear = 1700;
const lastYear = 2100;
/** What systems write that know no date. */
const placeholders = new Set(["1970-01-01", "1900-01-01", "1899-12-30", "1899-12-31", "1753-01-01"]);

type Digits = string | number | undefined;

/** `2024-05-01`; `null` for a day that no calendar has, and for the zero of a clock. */
export function calendarDate(year: Digits, month: Digits, day: Digits): string | null {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (!(y >= firstYear && y <= lastYear && m >= 1 && m <= 12 && d >= 1 && d <= 31)) return null;
  // Date.UTC takes 30 February for 1 March.
  if (new Date(Date.UTC(y, m - 1, d)).getUTCDate() !== d) return null;
  const date = `${y}-${String(m).padStart(2, "0")}-${String(d).padStart(2, "0")}`;
  return placeholders.has(date) ? null : date;
}

/**
 * A date like 01/02/2024: which of the two is the month is clear when the other is beyond 12, else the language tells.
 * In the United States the month comes first, nearly everywhere else the day; bare English says neither.
 */
export function slashedDate(first: Digits, second: Digits, year: Digits, language: string | null): string | null {
  if (Number(first) > 12) return calendarDate(year, second, first);
  if (Number(second) > 12) return calendarDate(year, first, second);
  if (first === second) return calendarDate(year, first, second);
  if (language === null || language === "en") return null;
  return /^en-(?:US|PH)$|^en-Latn-US$/.test(language)
    ? calendarDate(year, first, second)
    : calendarDate(year, second, first);
}
