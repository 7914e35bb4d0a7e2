import { join } from "node:path";
import { type Forest, LEAF } from "../../src/content/main/forest.ts";
import { type Tree, toForest } from "./boosting.ts";

export type TrainingRows = {
  rows: Float32Array[];
  labels: number[];
  folds: number[];
};

/** Settings of xgboost, chosen out of fold among few. */
const SETTINGS = {
  max_depth: 4,
  eta: 0.1,
  subsample: 0.8,
  colsample_bytree: 0.3,
  min_child_weight: 2,
  lambda: 2,
};
const ROUNDS = 80;
const SEED = 1;

/** A forest for each fold that has not seen it, and one that has seen all. The same rows give the same forests. */
export async function trainForests({
  rows,
  labels,
  folds,
}: TrainingRows): Promise<{ byFold: Forest[]; whole: Forest }> {
  const task = { rows: rows.map((row) => [...row]), labels, folds, seed: SEED, rounds: ROUNDS, settings: SETTINGS };
  const python = Bun.spawn([process.env.PYTHON ?? "/usr/bin/python3", join(import.meta.dir, "page-type-trees.py")], {
    stdin: new Blob([JSON.stringify(task)]),
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await new Response(python.stdout).text();
  if ((await python.exited) !== 0)
    throw new Error("Training failed: it needs Python with xgboost 1.7 (python3-xgboost)");
  const dumps: Tree[][] = JSON.parse(output);
  const classes = Math.max(...labels) + 1;
  const forests = dumps.map((trees) => toForest(trees, rows[0]?.length ?? 0, classes));
  const whole = forests.pop();
  if (!whole) throw new Error("Training gave no forest");
  return { byFold: forests, whole };
}

/** The same forest whose scores are divided by a temperature, which makes its probabilities true. */
export function cool(forest: Forest, temperature: number): Forest {
  const threshold = forest.threshold.map((value, at) => (forest.feature[at] === LEAF ? value / temperature : value));
  return { ...forest, threshold };
}
