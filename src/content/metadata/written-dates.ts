import { calendarDate, slashedDate } from "./calendar-date.ts";
import { isAscii } from "./labels.ts";
import { findMonth, foldWord } from "./month-names.ts";

export type WrittenDate = { date: string; start: number; end: number };

/** Words between the parts of a date, without accents: "1 de mayo de 2024", "1st of May", "2024 m. gegužės 1 d.". */
const fillers = new Set(
  "de del den der of the st nd rd th er a la le do di d m g r y i an am gada godine goda roku года г р ב".split(" "),
);
const maxFiller = 6;
const maxTokens = 400;
/** How many tokens of a date may stand before its year. */
const beforeYear = 4;
const maxDates = 10;
const parts = /\d{1,4}|[\p{L}\p{M}]{1,30}/gu;
const asciiParts = /\d{1,4}|[A-Za-z]{1,30}/g;

type Token = { text: string; start: number; end: number };

/** The days that a line of text names, in order, in numbers or in the words of some forty languages. */
export function findWrittenDates(line: string, language: string | null): WrittenDate[] {
  if (!/\d{4}/.test(line)) return [];
  const tokens: Token[] = [];
  for (const match of line.matchAll(isAscii(line) ? asciiParts : parts)) {
    const [text] = match;
    if (text.length <= maxFiller && text > "9~" && fillers.has(foldWord(text))) continue;
    tokens.push({ text, start: match.index, end: match.index + text.length });
    if (tokens.length >= maxTokens) break;
  }
  const dates: WrittenDate[] = [];
  let year = -1;
  for (let at = 0; at + 2 < tokens.length && dates.length < maxDates; ) {
    while (year < at && year < tokens.length) year = nextYear(tokens, year + 1);
    if (year - at > beforeYear) {
      at = year - beforeYear;
      continue;
    }
    const found = dateAt(tokens, at, line, language);
    const last = found && tokens[at + found.tokens - 1];
    const first = tokens[at];
    if (found && first && last && isAlone(line, first.start, last.end)) {
      dates.push({ date: found.date, start: first.start, end: last.end });
      at += found.tokens;
    } else at++;
  }
  return dates;
}

/** The first token from `at` on that may be a year; behind the last one if there is none. */
function nextYear(tokens: readonly Token[], at: number): number {
  let next = at;
  while (next < tokens.length && !/^\d{4}$/.test(tokens[next]?.text ?? "")) next++;
  return next;
}

type Found = { date: string; tokens: number };

function dateAt(tokens: readonly Token[], at: number, line: string, language: string | null): Found | undefined {
  const [a, b, c] = [tokens[at], tokens[at + 1], tokens[at + 2]];
  // Parts of one date stand close together.
  if (!a || !b || !c || b.start - a.end > 8 || c.start - b.end > 8) return undefined;
  if (!isNumber(a)) {
    const month = isNumber(b) && isNumber(c) ? findMonth(a.text) : undefined;
    return month ? counted(calendarDate(yearIn(c), month, b.text), 3) : undefined;
  }
  if (isNumber(b) && isNumber(c)) return counted(inNumbers(a, b, c, line, language), 3);
  if (isNumber(b) && a.text.length === 4) {
    const month = findMonth(c.text);
    return month ? counted(calendarDate(yearIn(a), month, b.text), 3) : undefined;
  }
  const [d, e, f] = [tokens[at + 3], tokens[at + 4], tokens[at + 5]];
  if (!isNumber(b) && isNumber(c)) {
    const month = findMonth(b.text);
    if (month)
      return counted(
        a.text.length === 4 ? calendarDate(yearIn(a), month, c.text) : calendarDate(yearIn(c), month, a.text),
        3,
      );
    if (foldWord(b.text) === "thang" && d) {
      const year = isNumber(d) ? d : e;
      return counted(year ? calendarDate(yearIn(year), c.text, a.text) : null, isNumber(d) ? 4 : 5);
    }
    if (/^[年년]$/u.test(b.text) && d && e && /^[月월]$/u.test(d.text) && isNumber(e)) {
      const isDay = f !== undefined && /^[日号號일]/u.test(f.text);
      return isDay ? counted(calendarDate(yearIn(a), c.text, e.text), 6) : undefined;
    }
  }
  return undefined;
}

function inNumbers(a: Token, b: Token, c: Token, line: string, language: string | null): string | null {
  const mark = line.slice(a.end, b.start).trim();
  if (line.slice(b.end, c.start).trim() !== mark || !/^[-/.‑]$/.test(mark)) return null;
  if (a.text.length === 4) return calendarDate(yearIn(a), b.text, c.text);
  if (c.text.length !== 4) return null;
  return mark === "." ? calendarDate(c.text, b.text, a.text) : slashedDate(a.text, b.text, c.text, language);
}

const counted = (date: string | null, tokens: number): Found | undefined => (date ? { date, tokens } : undefined);

const isNumber = ({ text }: Token): boolean => text <= "9~" && text >= "0";

const yearIn = ({ text }: Token): string | undefined => (text.length === 4 ? text : undefined);

/** Not a part of something longer, such as a version or a telephone number. */
function isAlone(line: string, start: number, end: number): boolean {
  return (
    !/[\d/.-]$/.test(line.slice(Math.max(0, start - 1), start)) && !/^(?:\d|[/-]\d|\.\d)/.test(line.slice(end, end + 2))
  );
}
