/**
 * `words`: lower-cased words as multisets, each page's precision, recall and F1, and their means (WCXB).
 * `shingles`: runs of four words as multisets, each page's counts divided by their sum, and precision, recall and F1 of
 * the sums over pages (article-extraction-benchmark).
 */
export type Scoring = "words" | "shingles";

/** What of a page was found (tp), brought along (fp) and missed (fn). */
export type Counts = { tp: number; fp: number; fn: number };

export type Scores = { f1: number; precision: number; recall: number };

const SHINGLE_WORDS = 4;

/** How much of a page's truth is in its text. */
export function countMatches(scoring: Scoring, text: string, truth: string): Counts {
  const units = (of: string) => (scoring === "words" ? wordsOf(of.toLowerCase()) : shinglesOf(wordsOf(of)));
  const [found, wanted] = [countEach(units(text)), countEach(units(truth))];
  let tp = 0;
  for (const [unit, count] of found.each) tp += Math.min(count, wanted.each.get(unit) ?? 0);
  return { tp, fp: found.total - tp, fn: wanted.total - tp };
}

/** Of one page. Nothing found is 0, unless there was nothing to find. */
export function scoreCounts({ tp, fp, fn }: Counts): Scores {
  if (fp === 0 && fn === 0) return { f1: 1, precision: 1, recall: 1 };
  if (tp === 0) return { f1: 0, precision: 0, recall: 0 };
  const [precision, recall] = [tp / (tp + fp), tp / (tp + fn)];
  return { f1: (2 * precision * recall) / (precision + recall), precision, recall };
}

/** Of a set of pages, which all weigh the same. */
export function scorePages(scoring: Scoring, pages: readonly Counts[]): Scores {
  if (scoring === "shingles") return scoreCounts(sum(pages.map(weighAlike)));
  const scores = pages.map(scoreCounts);
  const mean = (of: keyof Scores) => scores.reduce((total, score) => total + score[of], 0) / scores.length;
  return { f1: mean("f1"), precision: mean("precision"), recall: mean("recall") };
}

/** How many of the snippets a text holds, whatever their case and white space. */
export function countSnippets(text: string, snippets: readonly string[]): number {
  if (snippets.length === 0) return 0;
  const haystack = normalise(text);
  return snippets.filter((snippet) => haystack.includes(normalise(snippet))).length;
}

/** Python's `\w+`, which the sets are scored with: letters, numerals and the underscore, without combining marks. */
export function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+/gu) ?? [];
}

/** Fewer words than one shingle has are one shingle. */
function shinglesOf(words: readonly string[]): string[] {
  if (words.length === 0) return [];
  const count = Math.max(1, words.length - SHINGLE_WORDS + 1);
  return Array.from({ length: count }, (_, at) => words.slice(at, at + SHINGLE_WORDS).join(" "));
}

function countEach(units: readonly string[]): { each: Map<string, number>; total: number } {
  const each = new Map<string, number>();
  for (const unit of units) each.set(unit, (each.get(unit) ?? 0) + 1);
  return { each, total: units.length };
}

function weighAlike({ tp, fp, fn }: Counts): Counts {
  const total = tp + fp + fn || 1;
  return { tp: tp / total, fp: fp / total, fn: fn / total };
}

function sum(counts: readonly Counts[]): Counts {
  const all = { tp: 0, fp: 0, fn: 0 };
  for (const { tp, fp, fn } of counts) {
    all.tp += tp;
    all.fp += fp;
    all.fn += fn;
  }
  return all;
}

function normalise(text: string): string {
  return text.toLowerCase().replace(/\s+/g, " ").trim();
}
