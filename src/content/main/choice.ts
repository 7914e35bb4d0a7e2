/**
 * Which blocks to keep: those from the probability down at which the expected F1 is greatest, where each block brings as
 * many tokens as it has, and its probability's share of them right. F1 = 2 · right / (kept + to be found).
 */
export type Choice = {
  /** Blocks with at least this probability are kept. */
  threshold: number;
  /** The F1 that the probabilities let one expect. */
  expected: number;
};

export function chooseThreshold(probabilities: Float64Array, tokens: Float64Array): Choice {
  const order = Array.from(probabilities.keys()).sort(
    (a, b) => (probabilities[b] as number) - (probabilities[a] as number) || a - b,
  );
  let toFind = 0;
  for (let at = 0; at < tokens.length; at++) toFind += (probabilities[at] as number) * (tokens[at] as number);
  let right = 0;
  let kept = 0;
  let best: Choice = { threshold: 1, expected: 0 };
  for (const at of order) {
    right += (probabilities[at] as number) * (tokens[at] as number);
    kept += tokens[at] as number;
    const expected = kept + toFind > 0 ? (2 * right) / (kept + toFind) : 0;
    if (expected > best.expected) best = { threshold: probabilities[at] as number, expected };
  }
  return best;
}
