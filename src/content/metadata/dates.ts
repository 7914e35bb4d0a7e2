import { attribute, type Element, lineOf } from "../dom.ts";
import { calendarDate } from "./calendar-date.ts";
import { toIsoDate } from "./date-value.ts";
import type { LinkedFacts } from "./linked-facts.ts";
import { firstMeta, type Metas } from "./metas.ts";
import type { Line } from "./neighbourhood.ts";
import { findWrittenDates, type WrittenDate } from "./written-dates.ts";

export type DateSources = {
  metas: Metas;
  facts: LinkedFacts;
  properties: readonly Element[];
  times: readonly Element[];
  lines: readonly Line[];
  /** Lines of the page's footers. */
  footers: readonly Line[];
  /** BCP 47, for dates that read differently in different countries. */
  language: string | null;
  url: string;
};

type Dates = { publishedAt: string | null; modifiedAt: string | null };

const maxLineLength = 200;
/** Around a date that nothing labels there may be an author and a reading time, and not a sentence. */
const maxAround = 90;
const maxDated = 5;
/** "Last updated", over its date. */
const maxLabel = 30;

const published = [
  ..."datepublished parsely-pub-date sailthru.date pubdate publishdate publish-date publish_date publication_date".split(
    " ",
  ),
  ..."date dc.date dc.date.issued dc.date.created dcterms.created dcterms.issued dcterms.date".split(" "),
  ..."published-date published_date published-time published_at".split(" "),
  ..."citation_publication_date citation_online_date citation_date article.published release_date".split(" "),
];
const modified = [
  ..."article:modified_time og:updated_time datemodified dcterms.modified dc.date.modified".split(" "),
  ..."last-modified lastmod revised article.updated modified-date modified_date last-updated".split(" "),
];

/** When the page was published and last changed, each from the first source that tells; the fetch tells nothing. */
export function findDates({ metas, facts, properties, times, lines, footers, language, url }: DateSources): Dates {
  const first = (...values: (string | undefined)[]): string | null => {
    for (const value of values) {
      const date = toIsoDate(value, language);
      if (date) return date;
    }
    return null;
  };
  const declared = {
    publishedAt:
      first(firstMeta(metas, "article:published_time"), facts.publishedAt, firstMeta(metas, "og:published_time")) ??
      first(propertyOf(properties, "datepublished"), ...published.map((name) => firstMeta(metas, name))),
    modifiedAt: first(
      firstMeta(metas, "article:modified_time"),
      facts.modifiedAt,
      propertyOf(properties, "datemodified"),
      ...modified.map((name) => firstMeta(metas, name)),
    ),
  };
  if (declared.publishedAt && declared.modifiedAt) return declared;
  const shown = datesIn(lines, language, true);
  const below = declared.modifiedAt || shown.modifiedAt ? shown : datesIn(footers, language, false);
  const only = onlyTime(times, language);
  return {
    publishedAt: declared.publishedAt ?? shown.publishedAt ?? only.publishedAt ?? dateInUrl(url),
    modifiedAt: declared.modifiedAt ?? shown.modifiedAt ?? below.modifiedAt ?? only.modifiedAt,
  };
}

function propertyOf(properties: readonly Element[], name: string): string | undefined {
  for (const element of properties) {
    if (attribute(element, "itemprop")?.toLowerCase() !== name) continue;
    const value = attribute(element, "content") ?? attribute(element, "datetime") ?? lineOf(element, maxLineLength);
    if (value) return value;
  }
  return undefined;
}

/** Several times on a page are a list's or comments', which tell nothing about the page. */
function onlyTime(times: readonly Element[], language: string | null): Dates {
  const dates: Dates = { publishedAt: null, modifiedAt: null };
  const time = times.find((element) => element.attributes.includes("pubdate")) ?? times[0];
  const isClear = time?.attributes.includes("pubdate") || times.length === 1;
  const date = time && isClear ? toIsoDate(attribute(time, "datetime") ?? lineOf(time, maxLineLength), language) : null;
  if (date && time) addDate(dates, date, time.parent ? lineOf(time.parent, maxLineLength) : "", true);
  return dates;
}

const updatedWord =
  /\b(?:updated?|modified|revised|edited|reviewed|changed|aktualisiert|geändert|bearbeitet|stand|mis(?:e)? à jour|modifiée?|actualizad[oa]|modificad[oa]|aggiornat[oa]|modificat[oa]|atualizad[oa]|bijgewerkt|gewijzigd|uppdaterad|ändrad|opdateret|oppdatert|päivitetty|zaktualizowano|aktualizacja|aktualizováno|frissítve|güncellen)|обновл|изменен|оновлен|更新|最終|수정|업데이트|تحديث/iu;
const publishedWord =
  /\b(?:publish|posted|written|released|created|started|veröffentlicht|erstellt|publié|publicad|pubblicat|gepubliceerd|publicerad|udgivet|publisert|julkaistu|opublikowano|publikováno|yayın)|опубликован|публик|公開|発表|投稿|发布|發布|작성|게시/iu;
/** Dates of something else than the page. */
const otherWord =
  /©|copyright|\b(?:born|died|deadline|expires?|due|valid|until|since|joined|event|starts|ends|sale)\b/iu;

function datesIn(lines: readonly Line[], language: string | null, isUnlabelledFine: boolean): Dates {
  const dates: Dates = { publishedAt: null, modifiedAt: null };
  let dated = 0;
  let above = "";
  for (const line of lines) {
    const label = above;
    above = line.text.length <= maxLabel ? line.text : "";
    if (line.text.length > maxLineLength) continue;
    const found = findWrittenDates(line.text, language);
    if (found.length === 0 && line.times.length === 0) continue;
    if (otherWord.test(line.text)) continue;
    above = "";
    // One line after the other with a date is a list of other pages.
    if (++dated > maxDated && isUnlabelledFine) return { publishedAt: null, modifiedAt: dates.modifiedAt };
    addTimes(dates, line, label, language, isUnlabelledFine);
    addWritten(dates, line.text, label, found, isUnlabelledFine);
  }
  return dates;
}

/** `<time>`, which has the exact date where the text may only say "yesterday". */
function addTimes(
  dates: Dates,
  { text, times }: Line,
  above: string,
  language: string | null,
  isUnlabelledFine: boolean,
): void {
  let start = 0;
  for (const time of times.slice(0, 5)) {
    const shown = lineOf(time, maxLineLength);
    const at = Math.max(start, text.indexOf(shown, start));
    const date = toIsoDate(attribute(time, "datetime"), language);
    const label = text.slice(start, at);
    if (date) addDate(dates, date, label || above, isUnlabelledFine && text.length - shown.length <= maxAround);
    start = at + shown.length;
  }
}

function addWritten(
  dates: Dates,
  text: string,
  above: string,
  found: readonly WrittenDate[],
  isUnlabelledFine: boolean,
): void {
  let [start, around] = [0, text.length];
  for (const { start: from, end } of found) around -= end - from;
  for (const { date, start: from, end } of found) {
    addDate(
      dates,
      date,
      text.slice(start, from) || above,
      isUnlabelledFine && around <= maxAround && found.length <= 2,
    );
    start = end;
  }
}

function addDate(dates: Dates, date: string, label: string, isUnlabelledFine: boolean): void {
  if (updatedWord.test(label) && !/publi\p{L}{0,12}\P{L}*$/iu.test(label)) dates.modifiedAt ??= date;
  else if (publishedWord.test(label) || isUnlabelledFine) dates.publishedAt ??= date;
}

const datedPath = /\/((?:19|20)\d{2})([/-]?)(\d{2})\2(\d{2})(?=[/._-]|$)/;

/** `/2024/05/01/` in the path. */
function dateInUrl(url: string): string | null {
  const match = datedPath.exec(URL.parse(url)?.pathname.slice(0, 500) ?? "");
  return match ? calendarDate(match[1], match[3], match[4]) : null;
}
