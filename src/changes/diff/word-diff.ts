import type { WordPart } from "./diff.ts";
import type { Effort } from "./effort.ts";
import { matchSequences } from "./sequence-match.ts";
import { tokenize, type Vocabulary } from "./tokens.ts";

/**
 * So many marks and spaces between two words that were replaced are replaced along with them: one change, not two. Not
 * the bar between two cells.
 */
const MAX_BRIDGE = 3;

/** What differs between two texts word by word; see `WordPart`. */
export function diffWords(before: string, after: string, vocabulary: Vocabulary, effort: Effort): WordPart[] {
  const [a, b] = [tokenize(before, vocabulary), tokenize(after, vocabulary)];
  const partners = matchSequences(a, b, vocabulary.texts.length, effort);
  dissolveBridges(partners, a, b.length, vocabulary);
  const parts: WordPart[] = [];
  const add = (kind: WordPart["kind"], tokens: Int32Array) => {
    if (tokens.length === 0) return;
    let text = "";
    for (let at = 0; at < tokens.length; at++) text += vocabulary.texts[tokens[at] ?? 0] ?? "";
    parts.push({ kind, text });
  };
  for (let [x, y] = [0, 0]; x < a.length || y < b.length; ) {
    const [fromX, fromY] = [x, y];
    while (x < a.length && (partners[x] ?? -1) < 0) x++;
    y = x < a.length ? (partners[x] ?? 0) : b.length;
    add("removed", a.subarray(fromX, x));
    add("added", b.subarray(fromY, y));
    const same = x;
    while (x < a.length && partners[x] === y) {
      x++;
      y++;
    }
    add("same", a.subarray(same, x));
  }
  return parts;
}

/** Takes matches of marks and spaces back that stand alone between what was replaced before and after them. */
function dissolveBridges(partners: Int32Array, a: Int32Array, endB: number, { kinds, texts }: Vocabulary): void {
  let [lastA, lastB] = [-1, -1];
  for (let start = nextMatch(partners, 0); start < a.length; ) {
    const startB = partners[start] ?? 0;
    let end = start + 1;
    while (end < a.length && partners[end] === startB + end - start) end++;
    const next = nextMatch(partners, end);
    const nextB = next < a.length ? (partners[next] ?? 0) : endB;
    const isBridge =
      end - start <= MAX_BRIDGE &&
      start > lastA + 1 &&
      startB > lastB + 1 &&
      next > end &&
      nextB > startB + end - start &&
      a.subarray(start, end).every((token) => kinds[token] !== "word" && texts[token] !== "|");
    if (isBridge) partners.fill(-1, start, end);
    else [lastA, lastB] = [end - 1, startB + end - start - 1];
    start = next;
  }
}

function nextMatch(partners: Int32Array, from: number): number {
  let at = from;
  while (at < partners.length && (partners[at] ?? -1) < 0) at++;
  return at;
}
