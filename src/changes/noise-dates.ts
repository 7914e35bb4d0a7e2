import { fewUnits, monthNames, weekdayNames } from "./date-words.ts";

/** What stands for a date or time. */
export const DATE = "\u27e8date\u27e9";

const list = (words: string) => words.trim().replace(/\s+/g, "|");
const before = "(?<![\\p{L}\\p{N}])";
const after = "(?![\\p{L}\\p{N}])";
const gap = "[ \\u00a0\\u202f]";

/** Of an abbreviation, where it does not end a sentence. */
const point = `(?:\\.(?=${gap}))?`;

const zone = `(?:${gap}?(?:z|utc|gmt|bst|ist|w?es?t|[ce]es?t|me[sz]z?|[ecmp][sd]?t)${after})?(?:${gap}?[+-]\\d{2}:?\\d{2}${after})?`;
const clock = `\\d{1,2}(?::\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?|h\\d{2})(?:${gap}?(?:[ap](?:m|\\.m\\.)|uhr${after}))?`;
const wholeHour = `\\d{1,2}(?:\\.\\d{2})?${gap}?(?:[ap](?:m|\\.m\\.)|uhr${after})`;

const surely = list(monthNames.surely);
const maybe = list(monthNames.maybe);
const anyMonth = `(?:${surely}|${maybe})${after}${point}`;
const ordinal = "(?:\\.|st|nd|rd|th|er|\\u00ba|\\u00aa|o)?";
const ofMonth = `(?:${gap}(?:de|of|di|d['\\u2019]))?${gap}`;
const year = `[12]\\d{3}${after}(?:${gap}(?:r|\\u0440|\\u0433)\\.)?`;

/** The longer forms first. */
const numeric = [
  `\\d{4}-\\d{2}-\\d{2}(?:[t ]\\d{2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?(?:z|[+-]\\d{2}:?\\d{2})?)?`,
  "\\d{4}[./]\\d{1,2}[./]\\d{1,2}",
  `\\d{4}${gap}?[\\u5e74\\ub144]${gap}?\\d{1,2}${gap}?[\\u6708\\uc6d4]${gap}?\\d{1,2}${gap}?[\\u65e5\\uc77c]`,
  `\\d{1,2}(?:\\.${gap}?\\d{1,2}\\.${gap}?|/\\d{1,2}/|-\\d{1,2}-)[12]\\d{3}`,
  "\\d{2}(?:\\.\\d{2}\\.|/\\d{2}/)\\d{2}",
  clock,
  wholeHour,
];
const named = [
  // 5 January 2026, 5. Januar, 5 de enero de 2026; words that mean something else as well need their year.
  `\\d{1,2}${ordinal}${ofMonth}${anyMonth},?${gap}(?:del?${gap})?${year}`,
  `\\d{1,2}${ordinal}${ofMonth}(?:${surely})${after}${point}`,
  // January 5th, 2026; Jan 5; 2026. január 5.; January 2026
  `(?:${year}\\.?${gap})?${anyMonth}${gap}\\d{1,2}(?:st|nd|rd|th|\\.)?,?${gap}${year}`,
  `${year}\\.?${gap}(?:${surely})${after}${point}${gap}\\d{1,2}\\.?`,
  `(?:${list(monthNames.first)})${after}${point}${gap}\\d{1,2}(?:st|nd|rd|th)?`,
  `${anyMonth},?${gap}(?:del?${gap})?${year}`,
];

const count = `(?:\\d{1,4}${gap}?|(?:${list(fewUnits.counts)})${gap})`;
const unit = `(?:${list(fewUnits.units)})${after}${point}`;
const nearly = `(?:(?:${list(fewUnits.nearly)})${after}\\.?${gap})?`;
const further = `(?:,?${gap}(?:(?:and|und|et|y|e|en|og|och|i|a)${gap})?\\d{1,4}${gap}?${unit})?`;
const spans = [
  `${nearly}${count}${unit}${further}${gap}(?:${list(fewUnits.behind)})`,
  `(?:${list(fewUnits.inFront).replaceAll("_", gap)})${gap}${nearly}${count}${unit}${further}(?:${gap}(?:siden|sedan))?`,
];

const anyOf = (forms: readonly string[], end = "") =>
  new RegExp(`${before}(?:${forms.map((form) => form + after).join("|")})${end}`, "giu");

const numericDates = anyOf(numeric, zone);
const namedDates = anyOf(named);
const timeSpans = anyOf(spans);
const dayWords = anyOf([`(?:${list(fewUnits.words).replaceAll("_", gap)})`]);
/** A day and its time are one, as is the name of the day before it. */
const joined = new RegExp(
  `(?:${before}(?:${list(weekdayNames)})${after}\\.?,?${gap}(?:(?:den|le|the|dne)${gap})?)?${DATE}` +
    `(?:${gap}?[,|\\u00b7-]?${gap}?(?:(?:at|um|\\u00e0|a las|alle|kl|om|o|v|\\u0432|\\u00e0s|den|@)\\.?${gap})?${DATE})*`,
  "giu",
);
const copyright = /((?:\u00a9|\(c\)|copyright)\s?)(?:[12]\d{3})(?:\s?[-\u2013]\s?[12]\d{3})?(?!\d)/giu;

/** Without those that stand in most texts. */
const asSet = (words: string) => new Set(words.split(/[\s_]+/).filter((name) => name.length > 1 && name !== "for"));
const months = asSet(`${monthNames.surely} ${monthNames.maybe}`);
const markers = asSet(`${fewUnits.behind} ${fewUnits.inFront}`);
const dayMarkers = asSet(fewUnits.words.replace(/\[[^[\]]*\]/g, " "));
const word = /[\p{L}-]+/gu;

/** Writes one and the same mark for each date, time and span of time (`3 hours ago`) in a text. */
export function maskDates(text: string): string {
  // The expressions try hundreds of words at each place: they see only texts that have one of these.
  const has = { month: false, marker: false, dayMarker: false };
  for (const [found] of text.toLowerCase().matchAll(word)) {
    if (months.has(found)) has.month = true;
    if (markers.has(found)) has.marker = true;
    if (dayMarkers.has(found)) has.dayMarker = true;
  }
  let masked = text.replace(copyright, `$1${DATE}`);
  if (has.marker) masked = masked.replace(timeSpans, DATE);
  if (has.dayMarker) masked = masked.replace(dayWords, DATE);
  if (/\d/.test(masked)) {
    if (has.month) masked = masked.replace(namedDates, DATE);
    masked = masked.replace(numericDates, DATE);
  }
  return masked === text ? text : masked.replace(joined, DATE);
}
