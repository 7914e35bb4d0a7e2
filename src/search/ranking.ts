import { toName, toParts } from "../passages/names.ts";
import type { Candidate } from "./candidates.ts";

/** What a word counts by where it stands: in code, text, headings, the page's title; as `ts_rank` takes them. */
export const TERM_WEIGHTS = "{0.3,0.4,0.7,1}";

/** What a place among the results is made of, tuned by the known items of the search bench. */
const WEIGHTS = {
  /** All terms close together. */
  closeness: 0.25,
  /** The query is the title, or its part before the name of the website; or another part of it. */
  name: 0.6,
  partOfName: 0.25,
  /** The query is the heading that the passage stands under; or one further out. */
  heading: 0.4,
  outerHeading: 0.2,
  /** How much of the query a title has, and of the title the query; and the same of headings. */
  title: 0.45,
  headings: 0.2,
  /** What further passages of the page add, each half of what the one before did. */
  furtherPassages: 0.1,
  /** A page near the start, before one that is far from it. */
  shallowness: 0.04,
  /** A page's beginning, before its other passages. */
  beginning: 0.01,
  /** A word that says nothing by itself, as a share of what it would else. */
  optional: 0.3,
  /** How much longer passages, which have more words anyway, are held back. */
  length: 0.25,
};

/** Different words of a passage of common length. */
const COMMON_LENGTH = 110;
/** A closeness that is worth half of what the closest is. */
const HALF_CLOSE = 0.15;

/** The year 10000, in seconds. */
const END_OF_TIME = 253_402_300_800;

/** What finding a term is worth, and whether it is a word that says nothing by itself. */
type RankedTerm = { rarity: number; isOptional: boolean };

/** What is ranked by: the terms, and the query's words as a name (`toName`). */
type RankedQuery = { terms: readonly RankedTerm[]; name: string };

export type RankedPassage = Candidate & { score: number };

/** A page with its passages, best first. */
export type RankedPage = { pageId: string; websiteId: string; score: number; passages: RankedPassage[] };

/**
 * The pages of candidates, best first. Where scores are the same, in the order of their ids, so that the same candidates
 * always rank the same.
 */
export function rankPages(candidates: readonly Candidate[], query: RankedQuery): RankedPage[] {
  const { terms } = query;
  const worths = terms.map(({ rarity, isOptional }) => Math.max(rarity, 0.01) * (isOptional ? WEIGHTS.optional : 1));
  const total = worths.reduce((sum, worth) => sum + worth, 0);
  const byPage = new Map<string, RankedPassage[]>();
  const names = rememberNames(query.name);
  const worth = { worths, total };
  for (const candidate of candidates) {
    const score = total === 0 ? 0 : scorePassage(candidate, worth, names) + scoreNames(candidate, query.name, names);
    const passage = { ...candidate, score };
    const others = byPage.get(candidate.pageId);
    if (others) others.push(passage);
    else byPage.set(candidate.pageId, [passage]);
  }
  const ranked = [...byPage.values()].map((passages) => rankPage(passages, worths, total));
  return ranked.sort((a, b) => b.score - a.score || (a.pageId < b.pageId ? -1 : 1));
}

function rankPage(passages: RankedPassage[], worths: readonly number[], total: number): RankedPage {
  passages.sort((a, b) => b.score - a.score || a.place - b.place || (a.id < b.id ? -1 : 1));
  const [best] = passages;
  if (!best) throw new Error("A page without passages can't be ranked");
  const { pageId, websiteId, depth, changedAt } = best;
  // With filters alone there is nothing to rank by but which is newest.
  if (total === 0) return { pageId, websiteId, score: changedAt / END_OF_TIME, passages };
  const further = passages.slice(1, 4).reduce((sum, { score }, i) => sum + score / 2 ** (i + 1), 0);
  const had = worths.filter((_, i) => passages.some(({ ranks }) => (ranks[i] ?? 0) > 0));
  const share = had.reduce((sum, worth) => sum + worth, 0) / total;
  const prior = WEIGHTS.shallowness / (1 + depth);
  const score = share * (best.score + WEIGHTS.furtherPassages * further) + prior;
  return { pageId, websiteId, score, passages };
}

/** What finding each of the terms is worth, and all of them. */
type Worth = { worths: readonly number[]; total: number };

function scorePassage(candidate: Candidate, worth: Worth, names: Names): number {
  const { ranks, cover, inTitle, inHeadings, title, headings, length, place } = candidate;
  const { worths, total } = worth;
  const titles = title === null ? [] : [title];
  let found = 0;
  for (const [i, rank] of ranks.entries()) found += (rank * (worths[i] ?? 0)) / total;
  const lengths = 1 - WEIGHTS.length + (WEIGHTS.length * length) / COMMON_LENGTH;
  return (
    found / Math.max(lengths, 0.85) +
    WEIGHTS.closeness * (cover / (cover + HALF_CLOSE)) +
    WEIGHTS.title * likeness(inTitle, titles, worth, names) +
    WEIGHTS.headings * likeness(inHeadings, headings, worth, names) +
    WEIGHTS.beginning / (1 + place)
  );
}

/** What is called as the query says, is likely what is looked for. */
function scoreNames({ title, headings }: Candidate, name: string, names: Names): number {
  if (name === "") return 0;
  let score = 0;
  if (title !== null) {
    const { whole, parts } = names(title);
    if (whole === name || parts()[0] === name) score += WEIGHTS.name;
    else if (parts().includes(name)) score += WEIGHTS.partOfName;
  }
  const place = headings.findLastIndex((heading) => {
    const { whole, parts } = names(heading);
    return whole === name || parts()[0] === name;
  });
  if (place < 0) return score;
  return score + (place === headings.length - 1 ? WEIGHTS.heading : WEIGHTS.outerHeading);
}

type Names = (text: string) => { whole: string; words: readonly string[]; parts(): readonly string[] };

/** Passages of a page have the same title, and many the same headings. What is called so has the name in its whole. */
function rememberNames(name: string): Names {
  const known = new Map<string, ReturnType<Names>>();
  return (text) => {
    const before = known.get(text);
    if (before) return before;
    const whole = toName(text);
    let parts: readonly string[] | undefined;
    const readParts = () => {
      parts ??= whole.includes(name) ? toParts(text) : [];
      return parts;
    };
    const names = { whole, words: whole.split(" "), parts: readParts };
    known.set(text, names);
    return names;
  };
}

/** How much of the query a title is, and of the title the query: 1 where they are the same. */
function likeness(bits: number, texts: readonly string[], { worths, total }: Worth, names: Names): number {
  if (bits === 0) return 0;
  const different = new Set<string>();
  for (const text of texts) for (const word of names(text).words) different.add(word);
  let [share, terms] = [0, 0];
  for (const [i, worth] of worths.entries()) {
    if (Math.floor(bits / 2 ** i) % 2 === 0) continue;
    share += worth / total;
    terms++;
  }
  const precision = Math.min(1, terms / different.size);
  // Titles name the website too: half of the likeness is for what they have of the query alone.
  return share * share * (0.5 + 0.5 * precision);
}
