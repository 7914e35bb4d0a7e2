import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";

export type Frequencies = {
  /** Share of passages that have a lexeme, between 0 and 1; a guess for what is too rare to be known. */
  shareOf(lexeme: string): number;
  /** What finding a lexeme is worth: near 0 for what almost all passages have. */
  rarityOf(lexeme: string): number;
};

/** How common lexemes are, as far as PostgreSQL has looked at the passages; remembered for a minute. */
export async function readFrequencies(_context: { db: Db; clock: Clock }): Promise<Frequencies> {
  throw new Error("to be written");
}
