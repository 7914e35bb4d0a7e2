import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { BUILD_OPTIONS, COMPILE_OPTIONS } from "../../src/build-options.ts";
import { CACHE, digestFiles, lockCache, ROOT, removeFormer } from "./cache.ts";

/** The environment of processes that tests start, in which nothing of their own shows. */
export const PROCESS_ENV = {
  PATH: process.env.PATH,
  LANG: "C.UTF-8",
  // What takes longer to optimise than such a process lives.
  BUN_JSC_useOMGJIT: "0",
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: join(CACHE, "transpiled"),
};

/** Longer than a run of all tests takes. */
const KEPT_MS = 1_800_000;

/**
 * The program as an executable, as it is delivered but for the database folder within it: it starts in less than half the
 * time that the source takes. Made when the source is another than at the last time.
 */
export function findProgram(): Promise<string> {
  found ??= findOrBuild();
  return found;
}

let found: Promise<string> | undefined;

async function findOrBuild(): Promise<string> {
  const sources = ["src/**", "drizzle/**"].flatMap((glob) => [...new Bun.Glob(glob).scanSync(ROOT)]).sort();
  const program = join(CACHE, `program-${await digestFiles(["package.json", "bun.lock", ...sources])}`);
  if (existsSync(program)) return program;
  const lock = lockCache("program");
  try {
    if (!existsSync(program)) await build(program);
  } finally {
    lock.release();
  }
  for (const prefix of ["program", "building"]) removeFormer(prefix, program, KEPT_MS);
  return program;
}

async function build(program: string): Promise<void> {
  // The bundler leaves more than the executable beside it.
  const work = mkdtempSync(join(CACHE, "building-"));
  try {
    await Bun.build({
      entrypoints: [join(ROOT, "src/main.ts"), join(ROOT, "src/content/parser-thread.ts")],
      root: ROOT,
      naming: { entry: "[name].[ext]" },
      ...BUILD_OPTIONS,
      compile: { ...COMPILE_OPTIONS, outfile: join(work, basename(program)) },
    });
    renameSync(join(work, basename(program)), program);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
