/**
 * Finds known words in class names and addresses without cutting them into strings, of which a page has thousands. Words
 * are told by a 32-bit hash alone: that a foreign word has the hash of one of a few hundred is one chance in ten million.
 */
export type WordTable = {
  keys: Int32Array;
  groups: Uint8Array;
};

const size = 2048;
export const HASH_START = 0x811c_9dc5 | 0;

export const stepHash = (hash: number, code: number): number => Math.imul(hash ^ code, 0x0100_0193);

/** A table of words by the position of their line. A word that comes twice keeps its first. */
export function tableOf(lines: readonly string[]): WordTable {
  const table = { keys: new Int32Array(size), groups: new Uint8Array(size) };
  for (const [group, line] of lines.entries()) {
    for (const word of line.split(" ")) {
      let hash = HASH_START;
      for (let at = 0; at < word.length; at++) hash = stepHash(hash, word.charCodeAt(at));
      let slot = (hash ^ (hash >>> 15)) & (size - 1);
      while (table.keys[slot] !== 0 && table.keys[slot] !== hash) slot = (slot + 1) & (size - 1);
      if (table.keys[slot] === hash) continue;
      table.keys[slot] = hash;
      table.groups[slot] = group;
    }
  }
  return table;
}

/** The group of the word with that hash, or -1. */
export function groupOfHash({ keys, groups }: WordTable, hash: number): number {
  let slot = (hash ^ (hash >>> 15)) & (size - 1);
  for (;;) {
    const key = keys[slot] as number;
    if (key === hash) return groups[slot] as number;
    if (key === 0) return -1;
    slot = (slot + 1) & (size - 1);
  }
}
