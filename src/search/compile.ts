import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { type Dictionary, dictionaryOf, foldAccents, stemWords } from "../passages/stems.ts";
import { hasStem } from "../passages/terms.ts";
import { readWords, type Word } from "../passages/words.ts";
import { type AskedWord, type Corrections, findCorrections, NO_CORRECTIONS } from "./corrections.ts";
import { listBeginning } from "./known-words.ts";
import type { QueryNode, SearchQuery } from "./query.ts";
import { type Lexicon, listAskedWords, type TermLexemes, toLexemes, writeWord } from "./term-lexemes.ts";
import { allOf, anyOf, noneOf } from "./tsquery.ts";

/** A word or phrase that results are ranked by. */
export type CompiledTerm = {
  /** As it was written. */
  text: string;
  /** As PostgreSQL reads queries (`to tsquery` without a dictionary: `'advisori' | 'advisory'`), for all dictionaries. */
  tsquery: string;
  /** Stems of it by dictionary, for marking what was found; with `isPrefix` what begins with one of them. */
  stems: ReadonlyMap<Dictionary, readonly string[]>;
  isPrefix: boolean;
  /** It is a word that says nothing by itself: what has it stands before what has not, no more. */
  isOptional: boolean;
  /** Words of the vocabulary that were taken beside it, since no passage has it. */
  corrections: readonly string[];
};

export type CompiledQuery = {
  terms: readonly CompiledTerm[];
  /** What a passage must match, as a tsquery, without markers; `undefined` where there are filters alone. */
  all: string | undefined;
  /** Looser: what has some of the terms and nothing that is excluded; `undefined` where that would be the same. */
  some: string | undefined;
  /** What no passage that is shown may match, though that is in `all` and `some` too: for pages that have it elsewhere. */
  excluded: string | undefined;
  /** What a reader must know, in sentences. */
  notes: readonly string[];
};

/**
 * Turns a query into what PostgreSQL looks up, under each of the dictionaries that the searched websites have.
 * Words that none of them has are corrected by the websites' own vocabulary, if `corrects`.
 */
export async function compileQuery(
  context: { db: Db; clock: Clock },
  query: SearchQuery,
  scope: { websiteIds: readonly string[] | undefined; dictionaries: readonly Dictionary[]; corrects: boolean },
): Promise<CompiledQuery> {
  if (!query.node) return { terms: [], all: undefined, some: undefined, excluded: undefined, notes: [] };
  const leaves = readLeaves(query.node);
  const texts = leaves.flatMap((leaf) => leaf.words.filter(hasStem).map(({ text }) => text));
  const beginnings = await findBeginnings(context.db, scope.websiteIds, leaves);
  const plain = await readLexicon(context.db, texts, scope.dictionaries, { beginnings });
  const corrections = scope.corrects ? await correct(context, query.node, plain, scope) : NO_CORRECTIONS;
  const lexicon =
    corrections.byWord.size === 0
      ? plain
      : await readLexicon(context.db, texts, scope.dictionaries, { beginnings, corrections: corrections.byWord });
  const lexemes = new Map(leaves.map(({ node, words, isPrefix }) => [node, toLexemes(words, isPrefix, lexicon)]));
  return {
    ...combine(query.node, lexemes),
    terms: toTerms(leaves, lexemes, corrections),
    notes: corrections.notes,
  };
}

/** Words by themselves, as each is looked up; of a text that is typed the last may not be whole yet. */
export async function compileWords(
  db: Db,
  texts: readonly string[],
  scope: { websiteIds: readonly string[] | undefined; dictionaries: readonly Dictionary[] },
  asTyped = false,
): Promise<TermLexemes[]> {
  const read = texts.map((text, index) => ({
    words: readWords(text),
    isPrefix: asTyped && index === texts.length - 1,
  }));
  const beginnings = await findBeginnings(db, scope.websiteIds, read);
  const stemmed = read.flatMap(({ words }) => words.filter(hasStem).map(({ text }) => text));
  const lexicon = await readLexicon(db, stemmed, scope.dictionaries, { beginnings });
  return read.map(({ words, isPrefix }) => toLexemes(words, isPrefix, lexicon));
}

/** Shorter beginnings have too many words, and no stem is shorter. */
const MIN_BEGINNING = 4;

/** The words of the vocabulary that begin as the last one of a term that is typed yet. */
async function findBeginnings(
  db: Db,
  websiteIds: readonly string[] | undefined,
  terms: readonly { words: readonly Word[]; isPrefix: boolean }[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { words, isPrefix } of terms) {
    const last = words.at(-1);
    if (!isPrefix || last?.kind !== "word" || last.text.length < MIN_BEGINNING) continue;
    found.set(last.text, await listBeginning(db, websiteIds, last.text));
  }
  return found;
}

/** Looks for what was meant by the words that must be there and are nowhere. */
async function correct(
  context: { db: Db; clock: Clock },
  node: QueryNode,
  lexicon: Lexicon,
  { websiteIds, dictionaries }: { websiteIds: readonly string[] | undefined; dictionaries: readonly Dictionary[] },
): Promise<Corrections> {
  const asked = readLeaves(node).flatMap(({ words, isPrefix, isExcluded }) =>
    isExcluded ? [] : listAskedWords(words, isPrefix, lexicon),
  );
  for (const nodes of listSequences(node)) joinNeighbours(nodes, asked);
  return findCorrections(context, websiteIds, asked, async (words) => {
    const known = await readLexicon(context.db, words, dictionaries);
    return words.map((text) => writeWord(text, known));
  });
}

/** Plain words that stand side by side may be one. */
function joinNeighbours(nodes: readonly QueryNode[], asked: readonly AskedWord[]): void {
  const words = nodes.map((node) => (node.kind === "term" ? onlyWordOf(node.text) : undefined));
  words.forEach((word, index) => {
    const found = asked.find(({ text }) => text === word);
    if (found) Object.assign(found, { before: words[index - 1], after: words[index + 1] });
  });
}

function onlyWordOf(text: string): string | undefined {
  const [word, other] = readWords(text);
  return word?.kind === "word" && !other ? word.text : undefined;
}

/** What stands side by side. */
function listSequences(node: QueryNode): (readonly QueryNode[])[] {
  if (node.kind !== "and" && node.kind !== "or") return [];
  return [...(node.kind === "and" ? [node.nodes] : []), ...node.nodes.flatMap(listSequences)];
}

type Leaf = Extract<QueryNode, { kind: "term" | "phrase" }>;
type ReadLeaf = { node: Leaf; words: Word[]; isPrefix: boolean; isExcluded: boolean };

function readLeaves(node: QueryNode, isExcluded = false): ReadLeaf[] {
  switch (node.kind) {
    case "not":
      return readLeaves(node.node, !isExcluded);
    case "and":
    case "or":
      return node.nodes.flatMap((each) => readLeaves(each, isExcluded));
    default:
      return [{ node, words: readWords(node.text), isPrefix: node.kind === "term" && node.isPrefix, isExcluded }];
  }
}

async function readLexicon(
  db: Db,
  texts: readonly string[],
  dictionaries: readonly Dictionary[],
  known: { beginnings?: ReadonlyMap<string, readonly string[]>; corrections?: Corrections["byWord"] } = {},
): Promise<Lexicon> {
  const { beginnings = new Map<string, string[]>(), corrections = NO_CORRECTIONS.byWord } = known;
  const words = [...texts, ...[...corrections.values()].flat(2), ...[...beginnings.values()].flat()];
  const stems = new Map<Dictionary, ReadonlyMap<string, string | null>>();
  for (const dictionary of dictionaries) stems.set(dictionary, await stemWords(db, dictionary, words));
  if (dictionaries.length === 0 || stems.has("simple")) {
    // Passages of no language have words that say nothing as well; most of them are English.
    const others = dictionaries.filter((each) => each !== "simple");
    const telling = others.length > 0 ? [] : [await stemWords(db, "english", words)];
    for (const each of others) telling.push(stems.get(each) ?? new Map());
    const isSilent = (word: string) => telling.some((each) => each.get(word) === null);
    stems.set("simple", new Map(words.map((word) => [word, isSilent(word) ? null : foldAccents(word)])));
  }
  return {
    dictionaries: [...stems.keys()],
    stemsOf: (dictionary) => stems.get(dictionary) ?? new Map(),
    languagesOf,
    correctionsOf: (word) => corrections.get(word) ?? [],
    wordsFrom: (beginning) => beginnings.get(beginning) ?? [],
  };
}

function toTerms(
  leaves: readonly ReadLeaf[],
  lexemes: ReadonlyMap<QueryNode, TermLexemes>,
  corrections: Corrections,
): CompiledTerm[] {
  return leaves.flatMap(({ node, words, isPrefix, isExcluded }) => {
    const found = lexemes.get(node);
    if (isExcluded || !found) return [];
    return {
      ...{ text: node.text, tsquery: found.plain, stems: found.stems, isPrefix },
      ...{ isOptional: found.required === undefined, corrections: rewrite(node.text, words, corrections) },
    };
  });
}

/** What was written, with each of the words that were taken for one of its own. */
function rewrite(text: string, words: readonly Word[], { unknown, byWord }: Corrections): string[] {
  return words.flatMap((word) => {
    if (word.kind !== "word" || !unknown.has(word.text)) return [];
    const taken = byWord.get(word.text) ?? [];
    return taken.map((each) => text.slice(0, word.start) + each.join(" ") + text.slice(word.end));
  });
}

function combine(node: QueryNode, lexemes: ReadonlyMap<QueryNode, TermLexemes>) {
  const of = (leaf: Leaf) => lexemes.get(leaf);
  const plain: Ask = (leaf) => of(leaf)?.plain;
  const positive = readLeaves(node).flatMap(({ node: leaf, isExcluded }) => (isExcluded ? [] : (of(leaf) ?? [])));
  const [first, ...others] = positive;
  // By no dictionary may all of the query say nothing, or all passages of that language would be found: then all words
  // are looked for where they are kept, in titles and headings.
  const isSilent = [...(first?.silentIn ?? [])].some((each) => others.every(({ silentIn }) => silentIn.has(each)));
  const all = write(node, (leaf) => (isSilent ? of(leaf)?.strict : of(leaf)?.required), plain);
  const excluded = anyOf(
    (node.kind === "and" ? node.nodes : []).flatMap((each) =>
      each.kind === "not" ? [write(each.node, plain, plain)] : [],
    ),
  );
  const some = loosen(positive, excluded);
  return { all, some: some === all ? undefined : some, excluded };
}

type Ask = (leaf: Leaf) => string | undefined;

function write(node: QueryNode, ask: Ask, askExcluded: Ask): string | undefined {
  switch (node.kind) {
    case "not": {
      const inner = write(node.node, askExcluded, askExcluded);
      return inner && noneOf(inner);
    }
    case "and":
    case "or": {
      const parts = node.nodes.map((each) => write(each, ask, askExcluded));
      return node.kind === "and" ? allOf(parts) : anyOf(parts);
    }
    default:
      return ask(node);
  }
}

/** Any of the terms that say something in all languages; of one alone that is several words, any of these. */
function loosen(positive: readonly TermLexemes[], excluded: string | undefined): string | undefined {
  const telling = positive.filter(({ loose }) => loose.length > 0);
  const [only] = telling;
  const parts =
    telling.length === 1 && only ? only.loose : (telling.length > 0 ? telling : positive).map(({ plain }) => plain);
  const any = anyOf(parts);
  return any && excluded ? allOf([any, noneOf(excluded)]) : any;
}

const codes = new Map<Dictionary, string[]>();

/** The languages that have a dictionary; of `simple` the lack of one. */
function languagesOf(dictionary: Dictionary): readonly string[] {
  if (codes.size === 0) {
    const letters = [..."abcdefghijklmnopqrstuvwxyz"];
    for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
      codes.set(dictionaryOf(code), [...(codes.get(dictionaryOf(code)) ?? []), code]);
    }
    codes.set("simple", [""]);
  }
  return codes.get(dictionary) ?? [];
}
