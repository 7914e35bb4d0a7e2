import { sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import { type Db, rowsOf } from "../db/db.ts";
import { dialectOf, namespaceOf } from "../db/namespace.ts";

export type Frequencies = {
  /** Share of passages that have a lexeme, between 0 and 1; a guess for what is too rare to be known. */
  shareOf(lexeme: string): number;
  /** Whether it is among those that were counted. */
  isCommon(lexeme: string): boolean;
  /** What finding a lexeme is worth: near 0 for what almost all passages have, some 10 for what hardly any has. */
  rarityOf(lexeme: string): number;
};

/** For how long an answer is believed. PostgreSQL looks at its tables anew when a tenth of them has changed. */
const BELIEVED_MS = 60_000;
/** Of an index that nobody has looked at yet: all words are worth about the same. */
const FEW_PASSAGES = 1_000;

type Belief = { frequencies: Frequencies; until: number };

/** By the dialect, which a database shares with its transactions. */
const beliefs = new WeakMap<object, Belief>();

/**
 * How common lexemes are among all passages, as far as PostgreSQL has looked at them: it keeps count of the thousands
 * that are most common. Remembered for a minute.
 */
export async function readFrequencies({ db, clock }: { db: Db; clock: Clock }): Promise<Frequencies> {
  const now = clock.now().getTime();
  const belief = beliefs.get(dialectOf(db));
  if (belief && now < belief.until) return belief.frequencies;
  const frequencies = await askFrequencies(db);
  beliefs.set(dialectOf(db), { frequencies, until: now + BELIEVED_MS });
  return frequencies;
}

async function askFrequencies(db: Db): Promise<Frequencies> {
  const namespace = namespaceOf(db);
  const result = await db.execute(sql`
    select (select greatest(reltuples, 0)::float8 from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = ${namespace} and c.relname = 'passages') as passages,
      array_to_json(most_common_elems::text::text[])::text as lexemes,
      array_to_json(most_common_elem_freqs)::text as shares
    from (select 1) as one left join pg_catalog.pg_stats
      on schemaname = ${namespace} and tablename = 'passages' and attname = 'terms'`);
  const [row] = rowsOf<{ passages: number | null; lexemes: string | null; shares: string | null }>(result);
  const lexemes: string[] = JSON.parse(row?.lexemes ?? "[]");
  const shares: number[] = JSON.parse(row?.shares ?? "[]");
  return createFrequencies(row?.passages ?? 0, new Map(lexemes.map((lexeme, index) => [lexeme, shares[index] ?? 0])));
}

/** @param shares of the lexemes that are known to be common */
export function createFrequencies(passages: number, shares: ReadonlyMap<string, number>): Frequencies {
  const total = Math.max(passages, FEW_PASSAGES);
  // What was not counted is rarer than what was, and the rarer, the more was.
  const rarest = [...shares.values()].reduce((least, share) => Math.min(least, share), 1 / Math.sqrt(total));
  const unknown = Math.max(rarest / 2, 1 / total);
  const shareOf = (lexeme: string) => shares.get(lexeme) ?? unknown;
  return {
    shareOf,
    isCommon: (lexeme) => shares.has(lexeme),
    // As BM25 has it (Robertson and Zaragoza 2009, with the 1 that keeps it from falling below 0).
    rarityOf: (lexeme) => {
      const having = shareOf(lexeme) * total;
      return Math.log(1 + (total - having + 0.5) / (having + 0.5));
    },
  };
}
