import type { Block } from "../blocks.ts";
import { type Family, put } from "./family.ts";

type Group = {
  count: number;
  words: number;
  linkCharacters: number;
  characters: number;
  commas: number;
  first: number;
  last: number;
};

const KEYS: Readonly<Record<string, (block: Block) => number>> = {
  path: ({ pathHash }) => pathHash,
  tags: ({ tagsHash }) => tagsHash,
  local: ({ localHash }) => localHash,
};

/** What the blocks that stand in the same kind of place are like, as all items of a menu do. */
export function groupFamily(blocks: readonly Block[]): Family["write"] {
  const groupings = Object.values(KEYS).map((keyOf) => ({ keyOf, groups: groupBy(blocks, keyOf) }));
  return (row, { characters }, block) => {
    for (const { keyOf, groups } of groupings) {
      const group = groups.get(keyOf(block)) as Group;
      put(row, group.count);
      put(row, group.words / group.count);
      put(row, group.linkCharacters / Math.max(group.characters, 1));
      put(row, group.characters);
      put(row, group.commas / group.count);
      put(row, (group.last - group.first) / blocks.length);
      put(row, group.characters / characters);
    }
  };
}

export const GROUP_NAMES: readonly string[] = Object.keys(KEYS).flatMap((key) =>
  "count words linkDensity characters commas span share".split(" ").map((name) => `${key}:${name}`),
);

function groupBy(blocks: readonly Block[], keyOf: (block: Block) => number): Map<number, Group> {
  const groups = new Map<number, Group>();
  for (let at = 0; at < blocks.length; at++) {
    const block = blocks[at] as Block;
    const { words, characters, commas } = block.counts;
    const { linkCharacters } = block;
    const group = groups.get(keyOf(block));
    if (!group) {
      groups.set(keyOf(block), { count: 1, words, linkCharacters, characters, commas, first: at, last: at });
      continue;
    }
    group.count++;
    group.words += words;
    group.linkCharacters += linkCharacters;
    group.characters += characters;
    group.commas += commas;
    group.last = at;
  }
  return groups;
}
