import { join } from "node:path";
import type { DiffCase } from "./diff-texts.ts";
import { measure } from "./measure.ts";
import { alignColumns } from "./table.ts";

// `bun run bench:diff`: what comparing two versions of a document costs, beside jsdiff over the same texts in the same
// run. CPU and not wall time, which other processes on the machine stretch; each in a process of its own, whose peak of
// memory is told above that of a process that compares nothing.
const SIZES = [10_000, 100_000, 1_000_000];
const SHARES = [0.01, 0.1, 1];
const CONTESTANTS = ["diffMarkdown", "diffLines", "diffWords"];
const TIMEOUT_MS = 60_000;

type Figures = { first: number | null; later: number | null; peakBytes: number };

const header = ["document", "changed", "", "first ms", "then ms", "× diffLines", "memory MB"];
const lines: string[][] = [];
for (const characters of SIZES) {
  for (const changed of SHARES) {
    const which = { characters, changed };
    const bare = await run("nothing", which);
    const figures = new Map<string, Figures>();
    for (const name of CONTESTANTS) figures.set(name, await run(name, which));
    const reference = figures.get("diffLines")?.later;
    for (const [name, { first, later, peakBytes }] of figures) {
      const place = name === CONTESTANTS[0] ? [`${characters / 1_000} KB`, `${changed * 100} %`] : ["", ""];
      const ratio = later && reference ? (later / reference).toFixed(2) : "–";
      const memory = ((peakBytes - bare.peakBytes) / 1e6).toFixed(0);
      lines.push([...place, name, toMs(first), toMs(later), ratio, memory]);
    }
  }
}
console.log(alignColumns(header, lines, { texts: 3 }));

async function run(name: string, which: DiffCase): Promise<Figures> {
  let figures: (number | null)[] = [];
  const command = [process.execPath, join(import.meta.dir, "diff-process.ts"), name, JSON.stringify(which)];
  const { peakBytes } = await measure({ name, command, timeoutMs: TIMEOUT_MS }, (line) => {
    figures = JSON.parse(line) as (number | null)[];
    return 1;
  });
  return { first: figures[0] ?? null, later: figures[1] ?? null, peakBytes };
}

function toMs(value: number | null): string {
  return value === null ? "> 20 s" : value.toFixed(value < 10 ? 2 : 0);
}
