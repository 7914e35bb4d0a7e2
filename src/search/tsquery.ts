import { nameMarker } from "../passages/markers.ts";

/** A lexeme as PostgreSQL reads it in a tsquery, whatever characters it has. */
export function quoteLexeme(lexeme: string, isPrefix = false): string {
  return `'${lexeme.replaceAll("\\", "\\\\").replaceAll("'", "''")}'${isPrefix ? ":*" : ""}`;
}

/** What matches all of these; nothing for none. */
export function allOf(parts: readonly (string | undefined)[]): string | undefined {
  return joinDistinct(parts, " & ");
}

/** What matches any of these; nothing for none. */
export function anyOf(parts: readonly (string | undefined)[]): string | undefined {
  return joinDistinct(parts, " | ");
}

/** Words in their order, each so many positions after the one before. */
export function inOrder(parts: readonly { position: number; tsquery: string }[]): string | undefined {
  const [first, ...others] = parts;
  if (!first) return undefined;
  if (others.length === 0) return first.tsquery;
  let { position, tsquery } = first;
  for (const part of others) {
    tsquery += ` <${part.position - position}> ${part.tsquery}`;
    position = part.position;
  }
  return `(${tsquery})`;
}

/** What has the same words in titles or headings, in whatever order; those are told by markers, which have no places. */
export const toNames = (tsquery: string) =>
  tsquery.replace(/'((?:[^'\\]|''|\\\\)*)'|<\d+>|<->/g, (part, lexeme?: string) => {
    if (lexeme === undefined) return "&";
    return lexeme.startsWith("\u0001") ? part : `'${nameMarker(lexeme)}'`;
  });

export const noneOf = (tsquery: string) => `!${tsquery}`;

/** Parts are whole: a lexeme, or in parentheses. */
function joinDistinct(parts: readonly (string | undefined)[], operator: string): string | undefined {
  const distinct = [...new Set(parts)].filter((part) => part !== undefined);
  return distinct.length > 1 ? `(${distinct.join(operator)})` : distinct[0];
}
