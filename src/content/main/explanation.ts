import type { Decision } from "../document.ts";
import { collapse, type Element, textOf } from "../dom.ts";
import { createElementSelectors } from "../element-selector.ts";
import { type Block, FAR } from "./blocks.ts";
import { HIDDEN } from "./markings.ts";

type Verdict = { isKept: Uint8Array; probabilities: Float64Array; rule: string };

const TEXT_LENGTH = 200;

/** Why each block was kept or left out. Neighbours in one box that were decided alike are one decision. */
export function explainBlocks(root: Element, blocks: readonly Block[], verdict: Verdict): Decision[] {
  const selectorOf = createElementSelectors(root);
  const decisions: Decision[] = [];
  for (let start = 0; start < blocks.length; ) {
    const first = blocks[start] as Block;
    const isKept = verdict.isKept[start] === 1;
    let end = start + 1;
    while (end < blocks.length && (verdict.isKept[end] === 1) === isKept && isBeside(first, blocks[end] as Block))
      end++;
    const alike = blocks.slice(start, end);
    decisions.push({
      isKept,
      rule: isKept || first.distances[HIDDEN] === FAR ? verdict.rule : "hidden",
      confidence: confidenceOf(alike, start, isKept, verdict.probabilities),
      selector: selectorOf(alike.length > 1 && first.element.parent ? first.element.parent : first.element),
      text: excerptOf(alike),
      characters: alike.reduce((sum, { counts }) => sum + counts.characters, 0),
    });
    start = end;
  }
  return decisions;
}

function isBeside(one: Block, other: Block): boolean {
  return one.element === other.element || (one.element.parent !== null && one.element.parent === other.element.parent);
}

/** The mean over the blocks of the probability that each was decided right, by their words. */
function confidenceOf(alike: readonly Block[], start: number, isKept: boolean, probabilities: Float64Array): number {
  let sum = 0;
  let words = 0;
  for (const [by, { counts }] of alike.entries()) {
    const weight = counts.words + 1;
    const probability = probabilities[start + by] as number;
    sum += (isKept ? probability : 1 - probability) * weight;
    words += weight;
  }
  return sum / words;
}

function excerptOf(alike: readonly Block[]): string {
  let text = "";
  for (const { nodes } of alike) {
    for (const node of nodes) {
      text += `${textOf(node, 2 * TEXT_LENGTH)} `;
      if (text.length > 4 * TEXT_LENGTH) break;
    }
  }
  return collapse(text.toWellFormed()).slice(0, TEXT_LENGTH).toWellFormed();
}
