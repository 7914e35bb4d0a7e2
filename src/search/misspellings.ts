/** What somebody may have meant: words, one after the other where they were run together. */
export type Candidate = { words: readonly string[]; distance: number; similarity: number };

const MIN_SPLIT = 3;

/**
 * Words that may have been meant and are found without looking for what is alike: two letters exchanged, one doubled or
 * put in by mistake. What is only alike is found by its trigrams, which short words share too few of.
 */
export function listVariants(word: string): string[] {
  const letters = [...word];
  const variants = new Set<string>();
  letters.forEach((letter, index) => {
    const next = letters[index + 1];
    if (next !== undefined)
      variants.add(
        letters
          .with(index, next)
          .with(index + 1, letter)
          .join(""),
      );
    variants.add(letters.toSpliced(index, 1).join(""));
  });
  variants.delete(word);
  return [...variants];
}

/** The places at which a word may be two that were run together. */
export function listSplits(word: string): [string, string][] {
  const letters = [...word];
  const splits: [string, string][] = [];
  for (let at = MIN_SPLIT; at <= letters.length - MIN_SPLIT; at += 1) {
    splits.push([letters.slice(0, at).join(""), letters.slice(at).join("")]);
  }
  return splits;
}

/** How many slips lie between a word and what may have been meant; more of them are another word. */
export function maxDistanceOf(word: string): number {
  const { length } = [...word];
  return length <= 5 ? 1 : 2;
}

/**
 * Slips between two words: letters put in, left out, mistaken for others, or exchanged with their neighbour (optimal string
 * alignment, the restricted distance of Damerau and Levenshtein). A first letter is seldom wrong, so that counts one half
 * more.
 */
export function countSlips(from: string, to: string): number {
  const [a, b] = [[...from], [...to]];
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1));
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isExchanged) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return (last[b.length] ?? 0) + (a[0] === b[0] ? 0 : 0.5);
}

/** Fewest slips first, then the likest, then by the alphabet, so that the same words always give the same. */
export function compareCandidates(a: Candidate, b: Candidate): number {
  return a.distance - b.distance || b.similarity - a.similarity || (a.words.join() < b.words.join() ? -1 : 1);
}
