import type { CompiledTerm } from "./compile.ts";
import type { Frequencies } from "./frequencies.ts";

/** A term with what finding it is worth, as passages are ranked by it. */
export type WeighedTerm = {
  term: CompiledTerm;
  rarity: number;
  isOptional: boolean;
  lexemes: number;
  isSimple: boolean;
};

/** The terms that tell most, rarest first where they are too many; else in the order of the query. */
export function weighTerms(terms: readonly CompiledTerm[], frequencies: Frequencies, limit: number): WeighedTerm[] {
  const weighed = terms.filter(({ tsquery }) => tsquery !== "").map((term) => weighTerm(term, frequencies));
  if (weighed.length <= limit) return weighed;
  return weighed.toSorted((a, b) => worthOf(b) - worthOf(a)).slice(0, limit);
}

export const worthOf = ({ rarity, isOptional }: WeighedTerm) => (isOptional ? 0 : rarity);

const LEXEME = /'((?:[^'\\]|''|\\\\)*)'/g;

function weighTerm(term: CompiledTerm, { rarityOf }: Frequencies): WeighedTerm {
  const { tsquery, isOptional } = term;
  const lexemes = [...tsquery.matchAll(LEXEME)].map(([, lexeme = ""]) =>
    lexeme.replaceAll("''", "'").replaceAll("\\\\", "\\"),
  );
  const isSimple = !/[<&!]/.test(tsquery.replace(LEXEME, ""));
  const rarities = lexemes.filter((lexeme) => !lexeme.startsWith("\u0001")).map(rarityOf);
  // Of alternatives the commonest tells how common all are, of a phrase its rarest word.
  const rarity = rarities.reduce(
    (found, each) => (isSimple ? Math.min(found, each) : Math.max(found, each)),
    rarities[0] ?? 0,
  );
  return { term, rarity, isOptional, lexemes: Math.max(1, lexemes.length), isSimple };
}
