import { PAGE_TYPES, type PageType } from "../../src/content/document.ts";

/** What was said of a page, and what it is. */
export type Judgement = {
  id: string;
  url: string;
  truth: PageType;
  type: PageType;
  confidence: number;
  shares: Float64Array;
};

/** How far the truth's share is from 1, on average, in nats. */
export function logLoss(judged: Judgement[]): number {
  const sum = judged.reduce((total, { truth, shares }) => total - Math.log(Math.max(1e-6, shareOf(truth, shares))), 0);
  return sum / judged.length;
}

function shareOf(type: PageType, shares: Float64Array): number {
  return shares[PAGE_TYPES.indexOf(type)] as number;
}

/** Accuracy, F1 by type and who is taken for whom. */
export function describeConfusion(title: string, judged: Judgement[]): string {
  const truths = PAGE_TYPES.filter((type) => judged.some(({ truth }) => truth === type));
  const right = judged.filter(({ truth, type }) => truth === type).length;
  const scores = truths.map((type) => f1Of(type, judged));
  const macro = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const head = `${title}: accuracy ${(right / judged.length).toFixed(4)}, macro F1 ${macro.toFixed(4)}, log loss ${logLoss(judged).toFixed(4)}`;
  const lines = truths.map((truth, at) => {
    const counts = PAGE_TYPES.map((type) => judged.filter((one) => one.truth === truth && one.type === type).length);
    return `${truth.padEnd(14)} F1 ${(scores[at] ?? 0).toFixed(3)} ${counts.map((count) => String(count).padStart(6)).join("")}`;
  });
  return [
    head,
    " ".repeat(24) + PAGE_TYPES.map((type) => type.slice(0, 5).padStart(6)).join(""),
    ...lines,
    calibration(judged),
  ].join("\n");
}

function f1Of(type: PageType, judged: Judgement[]): number {
  const both = judged.filter((one) => one.truth === type && one.type === type).length;
  const either = judged.filter(({ truth }) => truth === type).length + judged.filter((one) => one.type === type).length;
  return either === 0 ? 0 : (2 * both) / either;
}

/** How often what was said with each confidence is right. */
function calibration(judged: Judgement[]): string {
  const edges = [0, 0.5, 0.7, 0.85, 0.95, 1.01];
  const parts = edges.slice(1).map((edge, at) => {
    const within = judged.filter(({ confidence }) => confidence >= (edges[at] ?? 0) && confidence < edge);
    const right = within.filter(({ truth, type }) => truth === type).length;
    return `${edges[at]}+: ${(right / Math.max(1, within.length)).toFixed(2)} of ${within.length}`;
  });
  return `Right by confidence: ${parts.join(", ")}`;
}
