import { join } from "node:path";
import { type Forest, LEAF } from "../../src/content/main/forest.ts";

export type BoostingTask = {
  /**
   * Holds the files `rows` (Float32, one row after the other), `labels` and `weights` (Float32), `folds` (Int32) and
   * `learnt` (Uint8: 0 for rows that are predicted only), and gets what comes of the training.
   */
  folder: string;
  /** Folds to leave out, one forest for each; the forest of all rows is trained in any case. */
  folds: readonly number[];
  rounds: number;
  seed: number;
  /** Settings of xgboost. */
  settings: Record<string, number | string>;
};

export type Boosted = {
  /** What the forest that has not seen a row's fold says of it. */
  predictions: Float32Array;
  byFold: Forest[];
  whole: Forest;
};

/**
 * Trains by xgboost (Chen and Guestrin 2016). The same files give the same forests.
 * @throws Error where there is no Python with xgboost 1.7, as in Debian's python3-xgboost
 */
export async function boost(task: BoostingTask): Promise<Boosted> {
  const python = Bun.spawn([process.env.PYTHON ?? "/usr/bin/python3", join(import.meta.dir, "boosting.py")], {
    stdin: new Blob([JSON.stringify(task)]),
    stdout: "inherit",
    stderr: "inherit",
    // Threads that spin while they wait cost more than they gain on a machine that does other work.
    env: { ...process.env, OMP_WAIT_POLICY: "passive" },
  });
  if ((await python.exited) !== 0)
    throw new Error("Training failed: it needs Python with xgboost 1.7 (python3-xgboost)");
  const file = (name: string) => Bun.file(join(task.folder, name));
  const labels = (await file("labels").arrayBuffer()).byteLength / 4;
  const width = file("rows").size / 4 / labels;
  const readTrees = async (name: string) => toForest(await file(`${name}.json`).json(), width, 1);
  return {
    predictions: new Float32Array(await file("predictions").arrayBuffer()),
    byFold: await Promise.all(task.folds.map((fold) => readTrees(`fold${fold}`))),
    whole: await readTrees("whole"),
  };
}

export type Tree =
  | { split: string; split_condition: number; yes: number; no: number; children: Tree[]; nodeid: number }
  | { leaf: number; nodeid: number };

/** Trees as xgboost dumps them, laid out for scoring. */
export function toForest(trees: readonly Tree[], features: number, classes: number): Forest {
  const nodes: { feature: number; threshold: number; other: number }[] = [];
  const add = (tree: Tree): void => {
    if ("leaf" in tree) {
      nodes.push({ feature: LEAF, threshold: tree.leaf, other: 0 });
      return;
    }
    const node = { feature: Number(tree.split.slice(1)), threshold: tree.split_condition, other: 0 };
    nodes.push(node);
    add(childOf(tree, tree.yes));
    node.other = nodes.length;
    add(childOf(tree, tree.no));
  };
  const roots = trees.map((tree) => {
    const root = nodes.length;
    add(tree);
    return root;
  });
  return {
    features,
    classes,
    roots: Uint32Array.from(roots),
    feature: Uint16Array.from(nodes, ({ feature }) => feature),
    threshold: Float32Array.from(nodes, ({ threshold }) => threshold),
    other: Uint32Array.from(nodes, ({ other }) => other),
    base: 0,
  };
}

function childOf(tree: { children: Tree[] }, id: number): Tree {
  const child = tree.children.find(({ nodeid }) => nodeid === id);
  if (!child) throw new Error("A tree lacks a branch");
  return child;
}
