import { collapse } from "../dom.ts";

const maxLength = 2000;
const maxListed = 50;

/** A value on one line, without what is never shown, and cut if it is endless; `null` for none. */
export function cleanLabel(value: string | null | undefined): string | null {
  if (!value) return null;
  const cut = value.length > 2 * maxLength ? value.slice(0, 2 * maxLength) : value;
  const text = collapse(/[\u00ad\p{Cc}]/u.test(cut) ? cut.replace(/\u00ad/g, "").replace(/\p{Cc}/gu, " ") : cut);
  return text === "" ? null : text.slice(0, maxLength).toWellFormed();
}

/** The first of equal ones, and no more than anybody reads. */
export function uniqueLabels(values: Iterable<string>): string[] {
  const unique = new Set<string>();
  for (const value of values) {
    unique.add(value);
    if (unique.size >= maxListed) break;
  }
  return [...unique];
}

/** Nothing beyond ASCII's printable characters. */
export function isAscii(text: string): boolean {
  return !/[^ -~]/.test(text);
}

/** Letters and digits alone, in lower case: what a host's name and a site's name have in common. */
export function squeeze(text: string): string {
  const lower = text.toLowerCase();
  return isAscii(lower) ? lower.replace(/[^a-z0-9]+/g, "") : lower.replace(/[^\p{L}\p{N}]+/gu, "");
}
