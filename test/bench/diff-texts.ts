export type DiffCase = {
  characters: number;
  /** Of its blocks, between 0 and 1; with all of them changed there is another text altogether. */
  changed: number;
};

const VOCABULARY = 8_000;

/** A document of headings, paragraphs, lists, tables and code, and a later version of it; always the same ones. */
export function makeTexts({ characters, changed }: DiffCase): { before: string; after: string } {
  const random = randomFrom(characters);
  const blocks: string[] = [];
  for (let length = 0; length < characters; length += (blocks.at(-1)?.length ?? 0) + 2) blocks.push(makeBlock(random));
  const after =
    changed === 1 ? blocks.map(() => makeBlock(random)) : blocks.flatMap((block) => edit(block, changed, random));
  return { before: `${blocks.join("\n\n")}\n`, after: `${after.join("\n\n")}\n` };
}

type Random = () => number;

/** As pages change: words within a block for the most part, and some blocks come and go. */
function edit(block: string, changed: number, random: Random): string[] {
  if (random() >= changed) return [block];
  const kind = random();
  if (kind < 0.15) return [];
  if (kind < 0.3) return [block, makeBlock(random)];
  return [block.replace(/\bw\w+/g, (word) => (random() < 0.15 ? makeWord(random) : word))];
}

function makeBlock(random: Random): string {
  const kind = random();
  if (kind < 0.1) return `## ${makeWords(4, random)}`;
  if (kind < 0.25) return Array.from({ length: 4 }, () => `- ${makeWords(9, random)}`).join("\n");
  if (kind < 0.3) {
    const rows = Array.from({ length: 5 }, () => `| ${makeWords(2, random)} | ${makeWords(1, random)} |`);
    return ["| name | value |", "| --- | --- |", ...rows].join("\n");
  }
  if (kind < 0.35) return `\`\`\`\n${Array.from({ length: 6 }, () => makeWords(5, random)).join("\n")}\n\`\`\``;
  return `${makeWords(25 + Math.floor(random() * 50), random)}.`;
}

const makeWords = (count: number, random: Random) => Array.from({ length: count }, () => makeWord(random)).join(" ");

/** Few words are frequent and many are rare, as in any language. */
const makeWord = (random: Random) => `w${Math.floor(random() ** 3 * VOCABULARY).toString(36)}`;

function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
