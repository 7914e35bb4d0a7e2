import type { Element } from "../../dom.ts";
import type { Block, Blocks } from "../blocks.ts";
import { chooseThreshold } from "../choice.ts";

const REACH = [1, 2, 3, 4];
const WINDOWS = [2, 6, 15];
const LEVELS = 7;

/** What the first look at a page's blocks lets the second say of each, in order. */
export const SCORE_FEATURE_NAMES: readonly string[] = [
  ..."score overThreshold expected page most".split(" "),
  ...REACH.flatMap((by) => [`score-${by}`, `score+${by}`]),
  ...WINDOWS.flatMap((by) => [`scores-${by}`, `scores+${by}`, `scores${by}`]),
  ...Array.from({ length: LEVELS }, (_, level) => `scoreUp${level}`),
  ..."scorePath scoreTags scoreLocal scoreText".split(" "),
  ..."before after toFirst toLast sinceKept untilKept run".split(" "),
];

/**
 * Writes what the probabilities of a first look say of each block and of those around it. Every mean counts a block by
 * its words.
 */
export function describeScores({ blocks, from, to }: Blocks, probabilities: Float64Array): Float32Array {
  const all = blocks.length;
  const words = new Float64Array(all);
  for (let at = 0; at < all; at++) words[at] = Math.max((blocks[at] as Block).counts.words, 1);
  const { threshold, expected } = chooseThreshold(probabilities, words);
  const mass = new Float64Array(all + 1);
  const size = new Float64Array(all + 1);
  let most = 0;
  for (let at = 0; at < all; at++) {
    const probability = probabilities[at] as number;
    mass[at + 1] = (mass[at] as number) + probability * (words[at] as number);
    size[at + 1] = (size[at] as number) + (words[at] as number);
    if (probability > most) most = probability;
  }
  const mean = (start: number, end: number) => {
    const first = Math.max(start, 0);
    const last = Math.min(end, all);
    if (first >= last) return -1;
    return ((mass[last] as number) - (mass[first] as number)) / ((size[last] as number) - (size[first] as number));
  };
  const groups = [
    meansBy(blocks, probabilities, words, ({ pathHash }) => pathHash),
    meansBy(blocks, probabilities, words, ({ tagsHash }) => tagsHash),
    meansBy(blocks, probabilities, words, ({ localHash }) => localHash),
    meansBy(blocks, probabilities, words, ({ counts }) => counts.hash),
  ];
  const isKept = new Uint8Array(all);
  for (let at = 0; at < all; at++) isKept[at] = Number((probabilities[at] as number) >= threshold);
  const first = isKept.indexOf(1);
  const last = isKept.lastIndexOf(1);
  const since = distances(isKept, 1);
  const until = distances(isKept, -1);
  const total = Math.max(mass[all] as number, 1e-6);
  const page = (mass[all] as number) / Math.max(size[all] as number, 1);

  const rows = new Float32Array(all * SCORE_FEATURE_NAMES.length);
  let at = 0;
  for (let index = 0; index < all; index++) {
    const own = probabilities[index] as number;
    rows[at++] = own;
    rows[at++] = own - threshold;
    rows[at++] = expected;
    rows[at++] = page;
    rows[at++] = most;
    for (const by of REACH) {
      rows[at++] = index - by >= 0 ? (probabilities[index - by] as number) : -1;
      rows[at++] = index + by < all ? (probabilities[index + by] as number) : -1;
    }
    for (const by of WINDOWS) {
      rows[at++] = mean(index - by, index);
      rows[at++] = mean(index + 1, index + 1 + by);
      rows[at++] = mean(index - by, index + 1 + by);
    }
    let up: Element | null = (blocks[index] as Block).element;
    for (let level = 0; level < LEVELS; level++) {
      rows[at++] = up ? mean(from[up.order] as number, to[up.order] as number) : -1;
      up = up?.parent ?? null;
    }
    for (const group of groups) rows[at++] = group[index] as number;
    rows[at++] = (mass[index] as number) / total;
    rows[at++] = 1 - (mass[index + 1] as number) / total;
    rows[at++] = index - first;
    rows[at++] = last - index;
    rows[at++] = since[index] as number;
    rows[at++] = until[index] as number;
    rows[at++] = isKept[index] as number;
  }
  return rows;
}

/** For each block the mean of all blocks that share its key. */
function meansBy(
  blocks: readonly Block[],
  probabilities: Float64Array,
  words: Float64Array,
  keyOf: (block: Block) => number,
): Float64Array {
  const sums = new Map<number, { mass: number; size: number }>();
  for (let at = 0; at < blocks.length; at++) {
    const key = keyOf(blocks[at] as Block);
    const weight = words[at] as number;
    const sum = sums.get(key);
    if (sum) {
      sum.mass += (probabilities[at] as number) * weight;
      sum.size += weight;
    } else sums.set(key, { mass: (probabilities[at] as number) * weight, size: weight });
  }
  const means = new Float64Array(blocks.length);
  for (let at = 0; at < blocks.length; at++) {
    const { mass, size } = sums.get(keyOf(blocks[at] as Block)) as { mass: number; size: number };
    means[at] = mass / size;
  }
  return means;
}

/** Blocks since the last kept one, or until the next with a step of -1; at most 100. */
function distances(isKept: Uint8Array, step: 1 | -1): Float64Array {
  const found = new Float64Array(isKept.length);
  let since = 100;
  for (let at = step === 1 ? 0 : isKept.length - 1; at >= 0 && at < isKept.length; at += step) {
    since = isKept[at] ? 0 : Math.min(since + 1, 100);
    found[at] = since;
  }
  return found;
}
