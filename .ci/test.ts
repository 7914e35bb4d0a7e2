import { rmSync } from "node:fs";
import { resolve } from "node:path";
import "../test/scratch.ts";
import { findProgram } from "../test/testing/program.ts";
import { canReach, POSTGRES, REDIS } from "../test/testing/servers.ts";
import { prepareTemplates } from "../test/testing/stores.ts";
import { type CoverageThreshold, describe, findShortfalls, readCoverage, sumOf } from "./coverage.ts";

/**
 * `bun run test`: all tests, and then whether they reach what bunfig.toml asks for. Files, folders and options are handed
 * on to `bun test`; of a part of the tests the coverage is not judged, nor where a server that tests need is not there.
 */
const REPORT = "coverage/lcov.info";

process.chdir(resolve(import.meta.dir, ".."));
process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  rmSync(REPORT, { force: true });
  // Each test makes what is missing, but all at once they would wait for it within their time.
  if (args.length === 0) await Promise.all([prepareTemplates(), findProgram()]);
  // Many tests race with real processes: what a machine busy with the others makes fail is tried once more, and named.
  const run = Bun.spawn([process.execPath, "test", "--parallel=3", "--retry=1", "--timeout", "60000", ...args], {
    // What takes longer to optimise than a test file lasts: a quarter of the time that all of them take.
    env: { ...process.env, BUN_JSC_useOMGJIT: "0" },
    stdio: ["inherit", "inherit", "inherit"],
  });
  const code = await run.exited;
  if (code !== 0 || args.length > 0) return code;
  return (await judgeCoverage()) ? 0 : 1;
}

async function judgeCoverage(): Promise<boolean> {
  const { coverage } = Bun.TOML.parse(await Bun.file("bunfig.toml").text()) as { coverage: CoverageThreshold };
  const files = readCoverage(await Bun.file(REPORT).text());
  console.log(`\nCoverage: ${describe(sumOf(files))}`);
  const shortfalls = findShortfalls(files, coverage);
  for (const shortfall of shortfalls) console.log(`  ${shortfall}`);
  const isWhole = (await canReach(POSTGRES)) && (await canReach(REDIS));
  if (!isWhole) console.log("  Not judged: some tests need a server that is not there");
  return shortfalls.length === 0 || !isWhole;
}
