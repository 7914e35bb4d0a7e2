/**
 * Gradient-boosted decision trees, to be read from a file that training made. One score a row and class: the sum of one
 * leaf of each tree, not yet passed through a logistic function.
 */
export type Forest = {
  /** Numbers in a row. */
  features: number;
  /** Trees come by turns, one for each class. */
  classes: number;
  /** Where each tree begins among the nodes. */
  roots: Uint32Array;
  /** What a node looks at; a leaf looks at none, and is marked by `LEAF`. */
  feature: Uint16Array;
  /** Rows with less go to the next node, others to `other`. A leaf has its score here. */
  threshold: Float32Array;
  other: Uint32Array;
  /** Added to each class's score. */
  base: number;
};

export const LEAF = 0xffff;
const MAGIC = 0x4652_5354;

/**
 * The file, Zstandard (RFC 8878) around little-endian numbers: magic, features, classes, trees, nodes (Uint32 each),
 * base (Float32), then the trees' roots, thresholds, second children (Uint32 each) and features (Uint16).
 * @throws Error for a file of another make
 */
export function readForest(file: Uint8Array<ArrayBuffer>): Forest {
  const bytes = Bun.zstdDecompressSync(file);
  const { buffer } = new Uint8Array(bytes);
  const head = new Uint32Array(buffer, 0, 5);
  const [magic, features = 0, classes = 0, trees = 0, nodes = 0] = head;
  if (magic !== MAGIC) throw new Error("This is no forest");
  const base = new Float32Array(buffer, 20, 1)[0] ?? 0;
  const roots = new Uint32Array(buffer, 24, trees);
  const threshold = new Float32Array(buffer, 24 + trees * 4, nodes);
  const other = new Uint32Array(buffer, 24 + (trees + nodes) * 4, nodes);
  const feature = new Uint16Array(buffer, 24 + (trees + 2 * nodes) * 4, nodes);
  return { features, classes, roots, feature, threshold, other, base };
}

/** The file that `readForest` reads. */
export function writeForest(forest: Forest): Uint8Array {
  const { features, classes, roots, feature, threshold, other, base } = forest;
  const bytes = new Uint8Array(24 + roots.byteLength + threshold.byteLength + other.byteLength + feature.byteLength);
  new Uint32Array(bytes.buffer, 0, 5).set([MAGIC, features, classes, roots.length, threshold.length]);
  new Float32Array(bytes.buffer, 20, 1)[0] = base;
  let at = 24;
  for (const part of [roots, threshold, other, feature]) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return Bun.zstdCompressSync(bytes, { level: 19 });
}

/** Rows that are scored together: as many as stay in the processor's first cache. */
const STRETCH = 32;

/** Scores of `count` rows that lie one after the other, `classes` numbers each. */
export function scoreRows(forest: Forest, rows: Float32Array, count: number): Float64Array {
  const { classes, roots, base } = forest;
  const scores = new Float64Array(count * classes).fill(base);
  const picked = new Int32Array(STRETCH);
  for (let from = 0; from < count; from += STRETCH) {
    const size = Math.min(STRETCH, count - from);
    for (let at = 0; at < size; at++) picked[at] = from + at;
    addTrees(forest, rows, scores, picked, size, 0, roots.length);
  }
  return scores;
}

/** A row is decided once a part of the trees has said so much: what the others add would change no decision. */
const DECIDED = 3.5;
const PART = 0.4;

/** The same for one class, but that rows which the first trees decide are not shown to the others. */
export function scoreRowsInShort(forest: Forest, rows: Float32Array, count: number): Float64Array {
  const { roots, base } = forest;
  const scores = new Float64Array(count).fill(base);
  const picked = new Int32Array(STRETCH);
  const part = Math.floor(roots.length * PART);
  for (let from = 0; from < count; from += STRETCH) {
    const size = Math.min(STRETCH, count - from);
    for (let at = 0; at < size; at++) picked[at] = from + at;
    addTrees(forest, rows, scores, picked, size, 0, part);
    let left = 0;
    for (let at = 0; at < size; at++) {
      const score = scores[from + at] as number;
      if (score > -DECIDED && score < DECIDED) picked[left++] = from + at;
    }
    addTrees(forest, rows, scores, picked, left, part, roots.length);
  }
  return scores;
}

function addTrees(
  { features, classes, roots, feature, threshold, other }: Forest,
  rows: Float32Array,
  scores: Float64Array,
  picked: Int32Array,
  size: number,
  fromTree: number,
  toTree: number,
): void {
  for (let tree = fromTree; tree < toTree; tree++) {
    const root = roots[tree] as number;
    const kind = classes === 1 ? 0 : tree % classes;
    for (let at = 0; at < size; at++) {
      const row = picked[at] as number;
      const start = row * features;
      let node = root;
      let looks = feature[node] as number;
      while (looks !== LEAF) {
        node = (rows[start + looks] as number) < (threshold[node] as number) ? node + 1 : (other[node] as number);
        looks = feature[node] as number;
      }
      const place = row * classes + kind;
      scores[place] = (scores[place] as number) + (threshold[node] as number);
    }
  }
}

/** From a score to a probability. */
export const logistic = (score: number): number => 1 / (1 + Math.exp(-score));
