import { count, eq, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";
import { websiteWords } from "../db/schema/passages.ts";

/** Words of a website that are kept, and those of one run that are remembered as kept. */
const MAX_WORDS = 100_000;
/** Of a website that has as many, words are kept that are met again: the others are mostly names, or misspelt. */
const ALL_WORDS = 5_000;
const MIN_LENGTH = 4;
const MAX_LENGTH = 40;
/** Words that one statement inserts. */
const BATCH = 1_000;

/** The words of a website, as they are written, gathered while it is indexed. */
export type Vocabulary = {
  add(words: Iterable<string>): void;
  /** Stores what was gathered since; in a transaction with nothing else, as others may add the same words. */
  store(db: Db): Promise<void>;
};

export async function openVocabulary(db: Db, websiteId: string): Promise<Vocabulary> {
  const isOurs = eq(websiteWords.websiteId, websiteId);
  const [stored] = await db.select({ words: count() }).from(websiteWords).where(isOurs);
  let room = MAX_WORDS - (stored?.words ?? 0);
  const known = new Set<string>();
  const met = new Set<string>();
  let fresh: string[] = [];
  return {
    add: (words) => {
      for (const word of words) {
        if (known.size >= MAX_WORDS || known.has(word) || !isPlausible(word)) continue;
        const isEnough = MAX_WORDS - room + fresh.length < ALL_WORDS || met.has(word);
        if (isEnough) {
          known.add(word);
          met.delete(word);
          fresh.push(word);
        } else if (met.size < MAX_WORDS) met.add(word);
      }
    },
    store: async (target) => {
      const words = fresh.sort();
      fresh = [];
      for (let at = 0; at < words.length && room > 0; at += BATCH) {
        const some = words.slice(at, at + Math.min(BATCH, room));
        const result = await target.execute(sql`
          with added as (
            insert into ${websiteWords} (website_id, word)
            select ${websiteId}::uuid, value from json_array_elements_text(${JSON.stringify(some)}::text::json)
            on conflict do nothing returning 1)
          select count(*)::integer as words from added`);
        room -= rowsOf<{ words: number }>(result)[0]?.words ?? 0;
      }
    },
  };
}

/**
 * What somebody may have meant: letters alone and enough of them to tell a misspelling from another word, or an identifier
 * (`pg_advisory_lock`); no numbers, addresses and compounds, whose parts are words themselves.
 */
function isPlausible(word: string): boolean {
  return word.length >= MIN_LENGTH && word.length <= MAX_LENGTH && !/[^\p{L}\p{M}_]/u.test(word);
}
