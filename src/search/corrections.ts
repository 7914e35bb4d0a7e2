import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { readFrequencies } from "./frequencies.ts";
import { findAlike, findKnown, findTrigrams, findUnmatched, type VocabularyScope } from "./known-words.ts";
import {
  type Candidate,
  compareCandidates,
  countSlips,
  listSplits,
  listVariants,
  maxDistanceOf,
} from "./misspellings.ts";

/** A word of a query that must be there. */
export type AskedWord = {
  text: string;
  /** What a passage that has it matches, without markers. */
  tsquery: string;
  lexemes: readonly string[];
  /** The words beside it, which it may be one with. */
  before?: string;
  after?: string;
};

export type Corrections = {
  /** By a word that no passage has: what is taken beside it, several words for one that stands for a phrase. */
  byWord: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** The words that no passage has; beside them stand those that are one with them. */
  unknown: ReadonlySet<string>;
  /** In sentences. */
  notes: readonly string[];
};

/** Of a query with more of them nothing is known, and it is not guessed at. */
const MAX_UNKNOWN = 4;
/** Shorter ones are like too many others. */
const MIN_LENGTH = 3;
const MAX_LENGTH = 40;
const MAX_CORRECTIONS = 3;
/** Of so many it is looked up whether there still are passages that have them. */
const MAX_CHECKED = 8;

export const NO_CORRECTIONS: Corrections = { byWord: new Map(), unknown: new Set(), notes: [] };

/**
 * Corrects words that no passage has by the websites' own vocabulary. A query all of whose words are known costs one
 * look at the vocabulary.
 * @param toTsquery what a passage that has a word of the vocabulary matches
 */
export async function findCorrections(
  { db, clock }: { db: Db; clock: Clock },
  scope: VocabularyScope,
  asked: readonly AskedWord[],
  toTsquery: (words: readonly string[]) => Promise<string[]>,
): Promise<Corrections> {
  if (scope?.length === 0) return NO_CORRECTIONS;
  const unknown = await findUnknown({ db, clock }, scope, asked);
  if (unknown.length === 0 || unknown.length > MAX_UNKNOWN) return NO_CORRECTIONS;
  const trigrams = await findTrigrams({ db, clock });
  const known = await findKnown(db, scope, unknown.flatMap(listExact));
  const byWord = new Map<string, (readonly string[])[]>();
  const take = (text: string, found: readonly (readonly string[])[]) =>
    byWord.set(text, [...(byWord.get(text) ?? []), ...found]);
  for (const word of unknown) {
    const alike = trigrams ? await findAlike(db, trigrams, scope, word.text) : [];
    const candidates = gatherCandidates(word, known, alike).slice(0, MAX_CHECKED);
    const there = await keepThere(db, scope, candidates, toTsquery);
    take(word.text, there);
    for (const neighbour of neighboursIn(word, there)) take(neighbour, there.filter(isJoinOf(word)));
  }
  const helpless = unknown.filter(({ text }) => (byWord.get(text) ?? []).length === 0);
  const notes =
    trigrams || helpless.length === 0
      ? []
      : [
          `${helpless.map(({ text }) => `"${text}"`).join(" and ")} is nowhere; what is spelt like it was not looked for, since the database lacks the extension pg_trgm`,
        ];
  return { byWord, unknown: new Set(unknown.map(({ text }) => text)), notes };
}

async function findUnknown(
  { db, clock }: { db: Db; clock: Clock },
  scope: VocabularyScope,
  asked: readonly AskedWord[],
): Promise<AskedWord[]> {
  // Among all passages, what was counted is there.
  const { isCommon } = scope === undefined ? await readFrequencies({ db, clock }) : { isCommon: () => false };
  const distinct = [...new Map(asked.map((word) => [word.text, word])).values()];
  const open = distinct.filter(
    ({ text, lexemes }) =>
      text.length >= MIN_LENGTH &&
      text.length <= MAX_LENGTH &&
      /^[\p{L}\p{M}]+$/u.test(text) &&
      !lexemes.some(isCommon),
  );
  const known = await findKnown(
    db,
    scope,
    open.map(({ text }) => text),
  );
  const doubtful = open.filter(({ text }) => !known.has(text));
  const unmatched = await findUnmatched(
    db,
    scope,
    doubtful.map(({ tsquery }) => tsquery),
  );
  return doubtful.filter((_, index) => unmatched.has(index));
}

/** Words that the vocabulary may have as they are. */
function listExact({ text, before, after }: AskedWord): string[] {
  return [...listVariants(text), ...listSplits(text).flat(), ...listJoins({ text, before, after })];
}

type Neighboured = Pick<AskedWord, "text" | "before" | "after">;

const listJoins = ({ text, before, after }: Neighboured) => [
  ...(before === undefined ? [] : [before + text]),
  ...(after === undefined ? [] : [text + after]),
];

function gatherCandidates(
  word: AskedWord,
  known: ReadonlySet<string>,
  alike: readonly { word: string; similarity: number }[],
): Candidate[] {
  const { text } = word;
  const single = new Map(alike.map((each) => [each.word, each.similarity]));
  for (const variant of listVariants(text)) if (known.has(variant)) single.set(variant, single.get(variant) ?? 0.5);
  const found = [...single].map(([each, similarity]) => ({
    ...{ words: [each], similarity, distance: countSlips(text, each) },
  }));
  const [split] = listSplits(text)
    .filter((parts) => parts.every((part) => known.has(part)))
    .toSorted(([a, b], [c, d]) => Math.min(c.length, d.length) - Math.min(a.length, b.length));
  return [
    ...found.filter(({ distance }) => distance <= maxDistanceOf(text) + (distance % 1)),
    // White space too few or too many is one slip.
    ...(split ? [{ words: split, distance: 1, similarity: 1 }] : []),
    ...listJoins(word).flatMap((join) => (known.has(join) ? [{ words: [join], distance: 1, similarity: 1 }] : [])),
  ].toSorted(compareCandidates);
}

/** The vocabulary keeps words of passages that are gone. */
async function keepThere(
  db: Db,
  scope: VocabularyScope,
  candidates: readonly Candidate[],
  toTsquery: (words: readonly string[]) => Promise<string[]>,
): Promise<(readonly string[])[]> {
  const words = [...new Set(candidates.flatMap((each) => each.words))];
  const unmatched = await findUnmatched(db, scope, await toTsquery(words));
  const gone = new Set(words.filter((_, index) => unmatched.has(index)));
  const there = candidates.filter((each) => each.words.every((word) => !gone.has(word)));
  const [best] = there;
  // What took more slips than another is hardly meant where that one is there.
  return there
    .filter(({ distance }) => distance <= (best?.distance ?? 0) + 0.5)
    .slice(0, MAX_CORRECTIONS)
    .map((each) => each.words);
}

const isJoinOf =
  ({ text, before, after }: Neighboured) =>
  (words: readonly string[]) =>
    words.length === 1 && listJoins({ text, before, after }).includes(words[0] ?? "");

/** Those that are one with the word, and so must not be asked for by themselves. */
function neighboursIn({ text, before, after }: Neighboured, found: readonly (readonly string[])[]): string[] {
  return [
    ...(before !== undefined && found.some(([word]) => word === before + text) ? [before] : []),
    ...(after !== undefined && found.some(([word]) => word === text + after) ? [after] : []),
  ];
}
