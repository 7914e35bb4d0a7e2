import type { Document } from "../content/document.ts";
import {
  accessPhrases,
  isLoginName,
  isMaybeLoginName,
  isMissingName,
  isPauseName,
  isWallName,
  loginPhrases,
  missingPhrases,
  passwordWords,
  pausePhrases,
  wallPhrases,
} from "./answer-phrases.ts";
import { simplify } from "./answer-text.ts";

/** What an answer is that came with a status of success: the page's content, or something in its place. */
export type AnswerKind = "content" | "empty_page" | "soft_404" | "bot_wall" | "login_page";

/** What judging needs; a stored document has it too. */
export type Judged = Pick<Document, "kind" | "title" | "markdown" | "wordCount"> & {
  headings: readonly { level: number; text: string }[];
};

/** A page with more words is content, whatever it is about. */
const MAX_WORDS = 300;
/** A title alone tells only so much: a page that has more to say has to say it in its text too. */
const FEW_WORDS = 60;
/** Of HTML: less is nothing to read. */
const LEAST_WORDS = 3;
/** Where pages that stand in for others say so. */
const OPENING_CHARACTERS = 700;

/**
 * Tells answers that are no content, by what they say of themselves: precise rather than complete, since a page that is
 * taken for an error is lost, while an error taken for a page is told once and can be ignored. So only short pages are
 * judged, a title counts only when it says nothing else, and pages that explain (questions, code) are content.
 */
export function judgeAnswer(document: Document, url: string): AnswerKind {
  return judge(document, url);
}

/** The same of a document that is stored. */
export function judgeStored(
  document: Omit<Judged, "headings"> & { details: Pick<Judged, "headings"> },
  url: string,
): AnswerKind {
  return judge({ ...document, headings: document.details.headings }, url);
}

function judge(document: Judged, url: string): AnswerKind {
  const { kind, wordCount } = document;
  if (kind === "other") return "content";
  if (kind !== "html") return document.markdown.trim() === "" ? "empty_page" : "content";
  if (wordCount > MAX_WORDS) return "content";
  const page = describe(document, url);
  if (isBotWall(page)) return "bot_wall";
  if (page.isExplaining) return wordCount < LEAST_WORDS ? "empty_page" : "content";
  if (isMissing(page)) return "soft_404";
  if (isLogin(page)) return "login_page";
  return wordCount < LEAST_WORDS ? "empty_page" : "content";
}

type Page = {
  /** Parts of the title and the first heading, in plain small letters. */
  names: string[];
  /** The beginning of the text, likewise. */
  opening: string;
  wordCount: number;
  isExplaining: boolean;
};

function describe({ title, headings, markdown, wordCount }: Judged, url: string): Page {
  const heading = headings.find(({ level }) => level === 1)?.text ?? headings[0]?.text ?? "";
  const names = [...splitTitle(title ?? "", url), simplify(heading)].filter((name) => name !== "");
  const opening = simplify(markdown.slice(0, 4 * OPENING_CHARACTERS)).slice(0, OPENING_CHARACTERS);
  const isExplaining = markdown.includes("```") || names.some((name) => explanation.test(name));
  return { names, opening, wordCount, isExplaining };
}

/** How titles begin of pages that are about errors and walls. */
const explanation =
  /^(?:how|what|why|when|fix|fixing|solve|solving|troubleshoot|troubleshooting|understanding|guide|wie|was|warum|comment|pourquoi|como|cómo|qué|por qué|come|perché|как|что|почему) /;

/** Each part between marks, since most titles name the site beside the page; and the whole. */
function splitTitle(title: string, url: string): string[] {
  const parts = title.split(/[|•·»«:—–]|\s-\s|\s~\s|\s\/\s/).map(simplify);
  const site = new URL(url).hostname.replace(/^www\./, "");
  return [...new Set([simplify(title), ...parts])].filter((part) => part !== site);
}

const has = (text: string, phrases: readonly string[]) => phrases.some((phrase) => text.includes(phrase));

function isBotWall({ names, opening, wordCount, isExplaining }: Page): boolean {
  if (isExplaining && wordCount > FEW_WORDS) return false;
  const evidence = wallPhrases.filter((phrase) => opening.includes(phrase)).length;
  if (names.some(isWallName)) return wordCount <= FEW_WORDS / 4 || evidence > 0;
  return !isExplaining && (evidence > 1 || (evidence === 1 && wordCount <= FEW_WORDS / 2));
}

function isMissing({ names, opening, wordCount }: Page): boolean {
  const says = has(opening, missingPhrases);
  if (names.some(isMissingName)) return wordCount <= FEW_WORDS || says;
  if (names.some((name) => has(name, missingPhrases))) return wordCount <= 2 * FEW_WORDS;
  const isPaused = has(opening, pausePhrases) || names.some((name) => has(name, pausePhrases));
  return wordCount <= FEW_WORDS && (isPaused || (wordCount <= FEW_WORDS / 2 && names.some(isPauseName)));
}

function isLogin({ names, opening, wordCount }: Page): boolean {
  if (wordCount <= FEW_WORDS && (has(opening, accessPhrases) || names.some((name) => has(name, accessPhrases))))
    return true;
  if (wordCount <= FEW_WORDS / 2 && names.some(isLoginName)) return true;
  const hasForm = has(opening, passwordWords) || has(opening, loginPhrases);
  return wordCount <= 2 * FEW_WORDS && hasForm && names.some(isMaybeLoginName);
}
