import { rmSync } from "node:fs";
import { resolve } from "node:path";
import "../test/scratch.ts";
import { findProgram } from "../test/testing/program.ts";
import { canReach, POSTGRES, REDIS } from "../test/testing/servers.ts";
import { prepareTemplates } from "../test/testing/stores.ts";
import { type CoverageThreshold, describe, findShortfalls, readCoverage, sumOf } from "./coverage.ts";
import { describeRun, judgeTests } from "./test-run.ts";

/**
 * `bun run test`: all tests, and then whether they reach what bunfig.toml asks for. Files, folders and options are handed
 * on to `bun test`; of a part of the tests the coverage is not judged, nor where a server that tests need is not there.
 * On a CI machine only what is not well is shown.
 */
const REPORT = "coverage/lcov.info";

process.chdir(resolve(import.meta.dir, ".."));
process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  rmSync(REPORT, { force: true });
  // Each test makes what is missing, but all at once they would wait for it within their time.
  if (args.length === 0) await Promise.all([prepareTemplates(), findProgram()]);
  const run = await judgeTests(args, { folder: process.cwd(), isQuiet: process.env.CI === "true", print: console.log });
  if (run.code === 0) return args.length > 0 || (await judgeCoverage()) ? 0 : 1;
  // Last, since of a long log often only the end is kept.
  for (const line of describeRun(run)) console.log(line);
  return run.code;
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
