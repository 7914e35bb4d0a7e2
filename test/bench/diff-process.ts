import { diffLines, diffWords } from "diff";
import { diffMarkdown } from "../../src/changes/diff/block-diff.ts";
import { type DiffCase, makeTexts } from "./diff-texts.ts";

// One contestant over one pair of texts, in a process of its own, for its peak of memory. Prints the CPU that the first
// comparison took and that of a later one, in milliseconds; `diff.ts` starts it.
const MAX_MS = 20_000;
const ROUNDS = 100;

const contestants: Record<string, (before: string, after: string) => unknown> = {
  nothing: () => [],
  diffMarkdown,
  diffLines: (before, after) => diffLines(before, after, { timeout: MAX_MS }),
  diffWords: (before, after) => diffWords(before, after, { timeout: MAX_MS }),
};

const [name = "", which = "{}"] = process.argv.slice(2);
const run = contestants[name];
if (!run) throw new Error(`There is no contestant ${name}.`);
const { before, after } = makeTexts(JSON.parse(which) as DiffCase);
const times: number[] = [];
const startedAt = performance.now();
while (times.length < ROUNDS && (times.length === 0 || performance.now() - startedAt < 2_000)) {
  const { user: userBefore, system: systemBefore } = process.cpuUsage();
  const result = run(before, after);
  const { user, system } = process.cpuUsage();
  if (result === undefined) break;
  times.push((user + system - userBefore - systemBefore) / 1_000);
}
const later = times.slice(1).sort((a, b) => a - b);
console.log(JSON.stringify([times[0] ?? null, later[Math.floor(later.length / 2)] ?? times[0] ?? null]));
