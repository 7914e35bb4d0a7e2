import { readWords } from "./words.ts";

/** More of a title is none. */
const MAX_LENGTH = 300;
/** What stands between a title and the name of its website, and between a thing and what it is. */
const SEPARATOR = / [—–|·•:»-]+ |: /;
/** Numbers of chapters. */
const NUMBER = /^(?:(?:Chapter|Appendix|Part) )?(?:\d{1,4}|[A-Z])(?:\.\d{1,4})*[.:)]? (?=\S)/;

/** A title, a heading or a query as they are compared: its words, whatever signs stand between them. */
export const toName = (text: string) =>
  readWords(text.slice(0, MAX_LENGTH))
    .map((word) => word.text)
    .join(" ");

/** The parts of a title, each as a name, without the number of its chapter. */
export const toParts = (title: string) =>
  title.slice(0, MAX_LENGTH).replace(/\s+/g, " ").replace(NUMBER, "").split(SEPARATOR).map(toName);

/** What a page or a part of it is called: what somebody may look for who knows that it is there. */
export function listNames(title: string | null, heading: string | undefined): string[] {
  const ofTitle = title === null ? [] : [toName(title), ...toParts(title)];
  const ofHeading = heading === undefined ? [] : [toName(heading), ...toParts(heading).slice(0, 1)];
  return [...new Set([...ofTitle, ...ofHeading])].filter(isName);
}

/** Longer ones are sentences, which are found by their words. */
const MAX_NAME_LENGTH = 80;

export const isName = (name: string) => name !== "" && name.length <= MAX_NAME_LENGTH;
