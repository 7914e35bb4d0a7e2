import { join } from "node:path";
import { measure } from "../bench/measure.ts";
import { hostilePages } from "../content/hostile-pages.ts";
import type { Figures } from "./places.ts";

/** 20 MB lines, 100,000 levels, 200,000 paragraphs. */
const SIZE = 100_000;
const MAX_MS = 2_000;
const MAX_BYTES = 1_000_000_000;

/** Hostile pages at full size: none takes over two seconds of CPU time, or a gigabyte with the page itself. */
export async function soakHostilePages(): Promise<Figures> {
  const slowest = { name: "", ms: 0 };
  const largest = { name: "", bytes: 0 };
  for (const name of Object.keys(hostilePages)) {
    const command = [process.execPath, join(import.meta.dir, "hostile-page.ts"), name, String(SIZE)];
    let ms = Number.NaN;
    const { peakBytes } = await measure({ name, command, timeoutMs: 60_000 }, (line) => {
      ms = Number(line);
      return 1;
    });
    if (ms > MAX_MS || peakBytes > MAX_BYTES)
      throw new Error(`${name}: ${ms.toFixed(0)} ms of CPU time and ${(peakBytes / 1e6).toFixed(0)} MB`);
    if (ms > slowest.ms) Object.assign(slowest, { name, ms });
    if (peakBytes > largest.bytes) Object.assign(largest, { name, bytes: peakBytes });
  }
  return {
    "pages at full size": Object.keys(hostilePages).length,
    [`slowest, ms (${slowest.name})`]: Math.round(slowest.ms),
    [`largest, MB (${largest.name})`]: Math.round(largest.bytes / 1e6),
  };
}
