import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { aloneSteps } from "./alone.ts";
import { changesSteps } from "./changes.ts";
import { chrootSteps } from "./chroot.ts";
import { killSteps } from "./kill.ts";
import { mcpSteps } from "./mcp.ts";
import { rolesSteps } from "./roles.ts";
import { searchSteps } from "./search.ts";
import { settingsSteps } from "./settings.ts";
import { shutdownSteps } from "./shutdown.ts";
import { swaggerSteps } from "./swagger.ts";
import { toldSteps } from "./told.ts";

export type Step = { name: string; run: () => Promise<unknown>; skip?: string };

// `bun run smoke`: what a user has in hands, the built executable, and nothing of this repository beside it.
const binary = resolve(process.argv[2] ?? "dist/orbweaver");
if (!existsSync(binary)) {
  console.error(`${binary} is not there; make it with: bun run build`);
  process.exit(2);
}

const steps = [
  ...aloneSteps(binary),
  ...settingsSteps(binary),
  ...killSteps(binary),
  ...shutdownSteps(binary),
  ...rolesSteps(binary),
  ...changesSteps(binary),
  ...toldSteps(binary),
  ...searchSteps(binary),
  ...mcpSteps(binary),
  ...swaggerSteps(binary),
  ...chrootSteps(binary),
];
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const { name, run, skip } of steps) {
  if (skip) {
    counts.skipped++;
    console.log(`skip  ${name}: ${skip}`);
    continue;
  }
  const startedAt = performance.now();
  try {
    await run();
    counts.passed++;
    console.log(`ok    ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  } catch (error) {
    counts.failed++;
    console.log(`FAIL  ${name}\n${error instanceof Error ? error.message : error}`);
  }
}
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exit(counts.failed === 0 ? 0 : 1);
