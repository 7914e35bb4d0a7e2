import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";
import { dialectOf } from "../db/namespace.ts";

/** A dictionary of PostgreSQL's, such as `english`, or `simple` for none: named like its text search configuration. */
export type Dictionary = string;

/** By ISO 639. A server that is too old for one keeps such words as they are. */
const DICTIONARIES: Readonly<Record<string, Dictionary>> = {
  ...{ ar: "arabic", ca: "catalan", da: "danish", de: "german", el: "greek", en: "english", es: "spanish" },
  ...{ et: "estonian", eu: "basque", fi: "finnish", fr: "french", ga: "irish", hi: "hindi", hu: "hungarian" },
  ...{ hy: "armenian", id: "indonesian", it: "italian", lt: "lithuanian", nb: "norwegian", ne: "nepali" },
  ...{ nl: "dutch", nn: "norwegian", no: "norwegian", pt: "portuguese", ro: "romanian", ru: "russian" },
  ...{ sr: "serbian", sv: "swedish", ta: "tamil", tr: "turkish", yi: "yiddish" },
};

/** The dictionary of a language (BCP 47), `simple` where PostgreSQL has none. */
export function dictionaryOf(language: string | null): Dictionary {
  const primary = language?.split("-", 1)[0]?.toLowerCase() ?? "";
  return Object.hasOwn(DICTIONARIES, primary) ? (DICTIONARIES[primary] ?? "simple") : "simple";
}

/**
 * The stems of words, accents folded; null for those that say nothing by themselves (stop words). The database is asked
 * once for each word of a language, for as long as it is remembered.
 */
export async function stemWords(
  db: Db,
  dictionary: Dictionary,
  words: Iterable<string>,
): Promise<ReadonlyMap<string, string | null>> {
  const stems = new Map<string, string | null>();
  const remembered = dictionary === "simple" ? undefined : rememberedOf(db, dictionary);
  const unknown: string[] = [];
  for (const word of new Set(words)) {
    // Numbers and names with numbers have no stem; they are a third of the words of technical texts.
    if (!remembered || /\d/.test(word)) stems.set(word, foldAccents(word));
    else {
      const stem = remembered.find(word);
      if (stem === undefined) unknown.push(word);
      else stems.set(word, stem);
    }
  }
  for (let at = 0; at < unknown.length; at += BATCH) {
    const asked = unknown.slice(at, at + BATCH);
    const found = await askStems(db, dictionary, asked);
    for (const [index, word] of asked.entries()) {
      const stem = found[index] ?? null;
      const folded = stem === null ? null : foldAccents(stem);
      stems.set(word, folded);
      remembered?.keep(word, folded);
    }
  }
  return stems;
}

/** What is left of a word without its accents: `café` and `cafe` are the same. */
export function foldAccents(word: string): string {
  if (isPlain(word)) return word;
  return word
    .normalize("NFD")
    .replace(accents, "")
    .replace(otherLetters, (letter) => OTHER_LETTERS[letter] ?? letter)
    .normalize("NFC");
}

/** Of Latin, Greek, Cyrillic, Hebrew and Arabic; elsewhere marks are vowels, which make another word. */
const accents = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670]/g;
const otherLetters = /[ßæœøłđðþıħŧŋĸ]/g;
const OTHER_LETTERS: Readonly<Record<string, string>> = {
  ...{ ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ı: "i", ħ: "h", ŧ: "t", ŋ: "n", ĸ: "k" },
};

function isPlain(word: string): boolean {
  for (let at = 0; at < word.length; at++) if (word.charCodeAt(at) > 127) return false;
  return true;
}

/** Words that one statement asks for: a few milliseconds of the embedded database, which answers nobody else meanwhile. */
const BATCH = 2_000;

/**
 * @returns in the order of the words; null for stop words
 */
async function askStems(db: Db, dictionary: Dictionary, words: readonly string[]): Promise<(string | null)[]> {
  // The dictionary's name is asked of the catalog, as each server has its own; the subquery runs once for all words.
  const result = await db.execute(sql`
    with asked as (select value, ordinality from json_array_elements_text(${JSON.stringify(words)}::text::json)
      with ordinality),
    known as (
      select m.mapdict::regdictionary as name from pg_catalog.pg_ts_config_map m
      join pg_catalog.pg_ts_config c on c.oid = m.mapcfg
      join pg_catalog.pg_namespace n on n.oid = c.cfgnamespace
      where c.cfgname = ${dictionary} and n.nspname = 'pg_catalog' and m.maptokentype = ${WORD} and m.mapseqno = 1
    )
    select json_agg(case when known.name is null then value else (ts_lexize(known.name, value))[1] end
      order by ordinality)::text as stems
    from asked left join known on true`);
  return JSON.parse(rowsOf<{ stems: string }>(result)[0]?.stems ?? "[]");
}

/** A word of letters of any kind, to PostgreSQL's parser; those of ASCII alone may go to another dictionary there. */
const WORD = 2;

/** Words of a dictionary that are remembered, at least; about 5 MB. */
const REMEMBERED = 50_000;

type Remembered = { find(word: string): string | null | undefined; keep(word: string, stem: string | null): void };

/** By the dialect, which a database shares with its transactions. */
const rememberedBy = new WeakMap<object, Map<Dictionary, Remembered>>();

function rememberedOf(db: Db, dictionary: Dictionary): Remembered {
  const dictionaries = rememberedBy.get(dialectOf(db)) ?? new Map<Dictionary, Remembered>();
  rememberedBy.set(dialectOf(db), dictionaries);
  const remembered = dictionaries.get(dictionary) ?? createRemembered(REMEMBERED / 2);
  dictionaries.set(dictionary, remembered);
  return remembered;
}

/** Two generations: when the younger is full it becomes the elder, and what nobody asked for since is forgotten. */
function createRemembered(size: number): Remembered {
  let young = new Map<string, string | null>();
  let old = new Map<string, string | null>();
  const keep = (word: string, stem: string | null) => {
    if (young.size >= size) [old, young] = [young, new Map()];
    young.set(word, stem);
  };
  return {
    keep,
    find: (word) => {
      const found = young.get(word);
      if (found !== undefined) return found;
      const elder = old.get(word);
      if (elder !== undefined) keep(word, elder);
      return elder;
    },
  };
}
