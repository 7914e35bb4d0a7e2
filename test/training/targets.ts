const token = /[\p{L}\p{N}_]+/gu;

/** Words as the sets' scoring counts them. */
export const tokensOf = (text: string): string[] => text.toLowerCase().match(token) ?? [];

const shingleSize = 4;
/** Cells of the table that short gaps are aligned in. */
const maxCells = 4_000_000;

/**
 * For each block of a page the share of its tokens that the truth holds at that place: both texts are aligned on the
 * shingles that either has once, in order (patience sorting), the gaps between by their longest common subsequence, and
 * what the truth has elsewhere by shingles that are still free.
 */
export function coverBlocks(blocks: readonly string[][], truth: readonly string[]): Float64Array {
  const page = blocks.flat();
  const covered = new Uint8Array(page.length);
  const used = new Uint8Array(truth.length);
  const match = (at: number, there: number) => {
    covered[at] = 1;
    used[there] = 1;
  };
  const anchors = findAnchors(page, truth);
  const starts = blockStarts(blocks);
  let fromPage = 0;
  let fromTruth = 0;
  for (const [at, there] of [...anchors, [page.length, truth.length] as const]) {
    if (at < fromPage || there < fromTruth) continue;
    let [left, right] = [at, there];
    while (left > fromPage && right > fromTruth && page[left - 1] === truth[right - 1]) match(--left, --right);
    alignGap(page, truth, [fromPage, left], [fromTruth, right], starts, match);
    [left, right] = [at, there];
    while (left < page.length && right < truth.length && page[left] === truth[right]) match(left++, right++);
    [fromPage, fromTruth] = [left, right];
  }
  coverElsewhere(blocks, truth, covered, used);
  let start = 0;
  return Float64Array.from(blocks, (block) => {
    let count = 0;
    for (let at = start; at < start + block.length; at++) count += covered[at] ?? 0;
    start += block.length;
    return block.length === 0 ? 0 : count / block.length;
  });
}

function blockStarts(blocks: readonly string[][]): Uint8Array {
  const starts = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0) + 1);
  let at = 0;
  for (const { length } of blocks) {
    starts[at] = 1;
    at += length;
  }
  starts[at] = 1;
  return starts;
}

function findAnchors(page: readonly string[], truth: readonly string[]): [number, number][] {
  const once = (tokens: readonly string[]) => {
    const places = new Map<string, number>();
    for (let at = 0; at + shingleSize <= tokens.length; at++) {
      const shingle = tokens.slice(at, at + shingleSize).join(" ");
      places.set(shingle, places.has(shingle) ? -1 : at);
    }
    return places;
  };
  const there = once(truth);
  const pairs: [number, number][] = [];
  for (const [shingle, at] of once(page)) {
    const other = there.get(shingle) ?? -1;
    if (at >= 0 && other >= 0) pairs.push([at, other]);
  }
  return longestRise(pairs.sort(([a], [b]) => a - b));
}

/** The longest subsequence in which the second numbers rise as the first do. */
function longestRise(pairs: readonly [number, number][]): [number, number][] {
  const ends: number[] = [];
  const before: number[] = [];
  for (let at = 0; at < pairs.length; at++) {
    const [, value] = pairs[at] as [number, number];
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[ends[middle] as number]?.[1] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    before[at] = low > 0 ? (ends[low - 1] as number) : -1;
    ends[low] = at;
  }
  const rise: [number, number][] = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at] as number) rise.push(pairs[at] as [number, number]);
  return rise.reverse();
}

type Range = readonly [number, number];

/** A longest common subsequence; of it count the runs that fill a block or are three tokens long. */
function alignGap(
  page: readonly string[],
  truth: readonly string[],
  [from, to]: Range,
  [start, end]: Range,
  starts: Uint8Array,
  match: (at: number, there: number) => void,
): void {
  const height = to - from;
  const width = end - start;
  if (height === 0 || width === 0 || height * width > maxCells) return;
  const table = new Uint16Array((height + 1) * (width + 1));
  for (let i = height - 1; i >= 0; i--) {
    for (let j = width - 1; j >= 0; j--) {
      const below = table[(i + 1) * (width + 1) + j] as number;
      const right = table[i * (width + 1) + j + 1] as number;
      const isSame = page[from + i] === truth[start + j];
      table[i * (width + 1) + j] = isSame
        ? (table[(i + 1) * (width + 1) + j + 1] as number) + 1
        : Math.max(below, right);
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < height && j < width; ) {
    if (page[from + i] === truth[start + j]) pairs.push([from + i++, start + j++]);
    else if ((table[(i + 1) * (width + 1) + j] as number) >= (table[i * (width + 1) + j + 1] as number)) i++;
    else j++;
  }
  for (let at = 0; at < pairs.length; ) {
    let end2 = at + 1;
    while (
      end2 < pairs.length &&
      (pairs[end2] as [number, number])[0] === (pairs[end2 - 1] as [number, number])[0] + 1 &&
      (pairs[end2] as [number, number])[1] === (pairs[end2 - 1] as [number, number])[1] + 1
    )
      end2++;
    const run = pairs.slice(at, end2);
    const [first] = run[0] as [number, number];
    const [last] = run.at(-1) as [number, number];
    if (run.length >= 3 || (starts[first] && starts[last + 1])) for (const [a, b] of run) match(a, b);
    at = end2;
  }
}

function coverElsewhere(
  blocks: readonly string[][],
  truth: readonly string[],
  covered: Uint8Array,
  used: Uint8Array,
): void {
  const free = new Map<string, number[]>();
  for (let at = 0; at + shingleSize <= truth.length; at++) {
    if (used[at]) continue;
    const shingle = truth.slice(at, at + shingleSize).join(" ");
    const places = free.get(shingle);
    if (places) places.push(at);
    else free.set(shingle, [at]);
  }
  let start = 0;
  for (const block of blocks) {
    const found: [number, number][] = [];
    for (let at = 0; at + shingleSize <= block.length; at++) {
      if (covered[start + at]) continue;
      const there = free.get(block.slice(at, at + shingleSize).join(" "))?.find((place) => !used[place]);
      if (there === undefined) continue;
      for (let by = 0; by < shingleSize; by++) found.push([start + at + by, there + by]);
    }
    if (found.length >= block.length * 0.6) {
      for (const [at, there] of found) {
        covered[at] = 1;
        used[there] = 1;
      }
    }
    start += block.length;
  }
}
