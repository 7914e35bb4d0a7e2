import { PAGE_TYPES, type PageType } from "../document.ts";
import { type Forest, scoreRows } from "../main/forest.ts";
import { DOCUMENTATION_RULES } from "./documentation-rules.ts";
import type { PageFacts } from "./facts.ts";
import { describePage, type PageTraits, readTraits } from "./features.ts";
import { FORUM_RULES } from "./forum-rules.ts";
import { holds, type Rule, readMarks } from "./rule.ts";
import { SITE_RULES } from "./site-rules.ts";

export type DetectedType = {
  type: PageType;
  confidence: number;
  /** The calibrated probability of each of `PAGE_TYPES`, in their order. */
  shares: Float64Array;
  /** The generator or engine that told the type, as in `discourse-topic`; `null` where the page's shape told it. */
  rule: string | null;
};

/** The types that the model tells apart; wikis and repositories are told by rules alone. */
export const MODEL_TYPES: readonly PageType[] = [
  "article",
  "documentation",
  "forum",
  "product",
  "collection",
  "listing",
  "landing",
];

const RULES: readonly Rule[] = [...FORUM_RULES, ...DOCUMENTATION_RULES, ...SITE_RULES];

/** Tells what a page is for: what made it, where that is known, weighed against its shape. */
export function detectPageType(facts: PageFacts, model: Forest): DetectedType {
  const traits = readTraits(facts);
  return combine(findRule(traits), weighTypes(model, describePage(traits)));
}

/** The first rule that holds for a page. */
export function findRule(traits: PageTraits): Rule | undefined {
  const marks = readMarks(traits);
  return RULES.find((rule) => holds(rule, marks));
}

/** What the model alone gives each of `MODEL_TYPES`. */
export function weighTypes(forest: Forest, row: Float32Array): Float64Array {
  const scores = scoreRows(forest, row, 1);
  const highest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - highest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Takes a rule for a witness who errs as often as its certainty says, and the model for what was thought before. */
export function combine(rule: Rule | undefined, weights: Float64Array): DetectedType {
  const shares = new Float64Array(PAGE_TYPES.length);
  for (const [at, type] of MODEL_TYPES.entries()) shares[PAGE_TYPES.indexOf(type)] = weights[at] as number;
  if (rule) hear(rule, shares);
  let best = 0;
  for (let at = 1; at < shares.length; at++) if ((shares[at] as number) > (shares[best] as number)) best = at;
  return {
    type: PAGE_TYPES[best] as PageType,
    confidence: shares[best] as number,
    shares,
    rule: rule && rule.type === PAGE_TYPES[best] ? rule.name : null,
  };
}

function hear({ type, certainty }: Rule, shares: Float64Array): void {
  const told = PAGE_TYPES.indexOf(type);
  const doubt = (1 - certainty) / (MODEL_TYPES.length - 1);
  const before = MODEL_TYPES.includes(type) ? (shares[told] as number) : 0.5;
  const odds = (before * certainty) / ((1 - before) * doubt || Number.MIN_VALUE);
  const share = odds / (1 + odds);
  const others = 1 - (MODEL_TYPES.includes(type) ? before : 0);
  for (let at = 0; at < shares.length; at++) {
    shares[at] = at === told ? share : others > 0 ? ((shares[at] as number) / others) * (1 - share) : 0;
  }
}
