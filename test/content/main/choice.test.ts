import { expect, test } from "bun:test";
import { chooseThreshold } from "../../../src/content/main/choice.ts";

function expectedF1(probabilities: readonly number[], tokens: readonly number[], threshold: number): number {
  let [right, kept, toFind] = [0, 0, 0];
  for (const [at, probability] of probabilities.entries()) {
    const count = tokens[at] ?? 0;
    toFind += probability * count;
    if (probability < threshold) continue;
    right += probability * count;
    kept += count;
  }
  return kept + toFind === 0 ? 0 : (2 * right) / (kept + toFind);
}

test("no other threshold lets one expect a better F1", () => {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let page = 0; page < 50; page++) {
    const probabilities = Array.from({ length: 20 }, random);
    const tokens = probabilities.map(() => Math.floor(random() * 100));

    const { threshold, expected } = chooseThreshold(Float64Array.from(probabilities), Float64Array.from(tokens));

    expect(expected).toBeCloseTo(expectedF1(probabilities, tokens, threshold), 9);
    const best = Math.max(...probabilities.map((one) => expectedF1(probabilities, tokens, one)));
    expect(expected).toBeCloseTo(best, 9);
  }
});

test("a page without words has nothing to expect", () => {
  expect(chooseThreshold(new Float64Array(0), new Float64Array(0)).expected).toBe(0);
});
