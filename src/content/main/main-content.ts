import { PAGE_TYPES } from "../document.ts";
import type { Extraction } from "../extract.ts";
import { NO_TREATMENT, treatByType } from "../page-type/treatment.ts";
import type { Block } from "./blocks.ts";
import { FAR } from "./blocks.ts";
import { chooseThreshold } from "./choice.ts";
import { explainBlocks } from "./explanation.ts";
import { judgeBlocks, type Looks } from "./looks.ts";
import { HIDDEN, MARKING_NAMES } from "./markings.ts";
import { type ContentPage, type PageBlocks, readPageBlocks } from "./page-blocks.ts";
import { settleCode, settleMedia, settleTables } from "./settlement.ts";
import { copyKept } from "./tree-copy.ts";

export type MainContentOptions = {
  /** True keeps menus, breadcrumbs and tables of contents. */
  navigation?: boolean;
  explain?: boolean;
};

/** Below this expected F1 the page is one in which nothing can be told apart. */
const LEAST_EXPECTED = 0.3;
const NAVIGATION = [".navigation", ".menu", ".outline", "nav"].map((name) => MARKING_NAMES.indexOf(name));

/**
 * Finds a page's main content: cuts it into blocks, lets two forests judge each, keeps those that make the expected F1
 * greatest, and settles by rules what a forest can't know. In doubt it keeps more rather than less.
 */
export function findMainContent(page: ContentPage, looks: Looks, options: MainContentOptions = {}): Extraction {
  const { detected, survey } = page;
  const described = readPageBlocks(page);
  const { blocks } = described.cut;
  const probabilities = judgeBlocks(described, looks, detected.shares[PAGE_TYPES.indexOf("article")] ?? 0);
  const { isKept, rule, confidence } = choose(described, probabilities);
  // Posts are told by their markup, items by what the blocks have told.
  const isTreated = rule === "blocks" || detected.type === "forum";
  const treatment = isTreated ? treatByType(detected, survey, blocks, probabilities, isKept) : NO_TREATMENT;
  if (options.navigation) {
    for (let at = 0; at < blocks.length; at++) if (isNavigation(blocks[at] as Block)) isKept[at] = 1;
  }
  settleCode(described.cut, isKept);
  settleMedia(described.cut, isKept);
  const verdict = { isKept, probabilities, rule: treatment.rule ?? rule };
  return {
    root: treatment.complete(copyKept(survey.body ?? survey.root, described.cut, isKept)),
    keep: () => true,
    isTruncated: described.cut.isTruncated,
    quality: { chosen: "main", rule: verdict.rule, confidence, textShare: shareOf(blocks, isKept) },
    ...(options.explain ? { decisions: explainBlocks(survey.root, blocks, verdict) } : {}),
  };
}

type Chosen = { isKept: Uint8Array; rule: string; confidence: number };

/** Fewer words are too few to tell text from chrome by what it looks like. */
const FEW_WORDS = 120;
const CHROME = ["nav", "footer", ".navigation", ".menu", ".sidebar", ".footer", ".outline", ".overlay"].map((name) =>
  MARKING_NAMES.indexOf(name),
);

/** Everything but what lies in a menu, a footer or the like; if that is nothing, all that is seen, else all there is. */
function chooseByLandmarks(blocks: readonly Block[]): Uint8Array {
  const isSeen = blocks.map(({ distances }) => distances[HIDDEN] === FAR);
  const isText = blocks.map(({ distances }, at) => isSeen[at] && CHROME.every((name) => distances[name] === FAR));
  const [isKept = []] = [isText, isSeen, blocks.map(() => true)].filter((kept) => kept.includes(true));
  return Uint8Array.from(isKept, Number);
}

function choose({ cut }: PageBlocks, probabilities: Float64Array): Chosen {
  const { blocks } = cut;
  const words = blocks.reduce((sum, { counts }) => sum + counts.words, 0);
  if (words < FEW_WORDS) return { isKept: chooseByLandmarks(blocks), rule: "few-words", confidence: 0.5 };
  const tokens = new Float64Array(blocks.length);
  for (let at = 0; at < blocks.length; at++) tokens[at] = (blocks[at] as Block).counts.words;
  const { threshold, expected } = chooseThreshold(probabilities, tokens);
  if (expected < LEAST_EXPECTED)
    return { isKept: chooseByLandmarks(blocks), rule: "nothing-told-apart", confidence: expected };
  const isKept = new Uint8Array(blocks.length);
  for (let at = 0; at < blocks.length; at++) isKept[at] = Number((probabilities[at] as number) >= threshold);
  settleTables(cut, isKept, probabilities, threshold);
  return { isKept, rule: "blocks", confidence: expected };
}

function isNavigation({ distances }: Block): boolean {
  return distances[HIDDEN] === FAR && NAVIGATION.some((marking) => distances[marking] !== FAR);
}

/** Of the text that readers see, concealed blocks left out unless they are kept. */
function shareOf(blocks: readonly Block[], isKept: Uint8Array): number {
  let kept = 0;
  let all = 0;
  for (let at = 0; at < blocks.length; at++) {
    const { counts, distances } = blocks[at] as Block;
    if (isKept[at]) kept += counts.characters;
    if (isKept[at] || distances[HIDDEN] === FAR) all += counts.characters;
  }
  return all === 0 ? 1 : kept / all;
}
