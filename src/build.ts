import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BUILD_OPTIONS, COMPILE_OPTIONS } from "./build-options.ts";
import { systemClock } from "./clock.ts";
import { bakeDataFolder } from "./db/bake.ts";
import { BAKED_FOLDER } from "./db/data-folder.ts";
import type { Store } from "./db/db.ts";
import { migrateUp } from "./db/migrate.ts";
import { openJobs } from "./jobs/jobs.ts";
import { createLog } from "./telemetry/log.ts";

// `bun run build`: the program, its threads, its assets and a fresh database folder in one executable.
const root = resolve(import.meta.dir, "..");
const { values } = parseArgs({
  options: {
    outfile: { type: "string" },
    /** Such as `bun-linux-arm64`; this machine's own when absent. */
    target: { type: "string" },
    /** The Bun of that target, where it can't be downloaded; the packages `@oven/bun-*` hold one each. */
    "target-executable": { type: "string" },
  },
});

const startedAt = performance.now();
const outfile = resolve(values.outfile ?? join(root, "dist", `orbweaver${suffix(values.target)}`));
const work = join(root, "node_modules/.cache/orbweaver", basename(outfile));
const baked = join(work, `${BAKED_FOLDER}.tar.gz`);
mkdirSync(work, { recursive: true });
mkdirSync(dirname(outfile), { recursive: true });
try {
  await Bun.write(baked, await bakeDataFolder(fillDatabase));
  await bundle();
} finally {
  rmSync(work, { recursive: true, force: true });
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(`${outfile}  ${(statSync(outfile).size / 1e6).toFixed(1)} MB  ${seconds.toFixed(1)} s`);

/** Our tables and the job queue's. */
async function fillDatabase(store: Store): Promise<void> {
  await migrateUp(store.db);
  const log = createLog("warn", systemClock, (line) => process.stderr.write(line));
  await (await openJobs(store, { clock: systemClock, log })).close();
}

async function bundle(): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: [join(root, "src/main.ts"), join(root, "src/content/parser-thread.ts")],
    root,
    // Flat, so that `new URL("./parser-thread.ts", import.meta.url)` names the same file inside the executable, where
    // all code lies in one folder, as it does beside its source.
    naming: { entry: "[name].[ext]" },
    ...BUILD_OPTIONS,
    compile: {
      ...COMPILE_OPTIONS,
      outfile: join(work, basename(outfile)),
      ...(values.target ? { target: values.target as Bun.Build.CompileTarget } : {}),
      ...(values["target-executable"] ? { executablePath: resolve(values["target-executable"]) } : {}),
      assets: [baked],
    },
  });
  for (const log of logs) console.error(log);
  if (!success) process.exit(1);
  // A rename, so that an executable that is running or half-written is never what stands there.
  const made = readdirSync(work).find((name) => name === basename(outfile) || name === `${basename(outfile)}.exe`);
  if (!made) throw new Error(`The bundler left no executable in ${work}.`);
  await Bun.$`mv -f ${join(work, made)} ${outfile}`.quiet();
}

function suffix(target: string | undefined): string {
  return target ? target.replace(/^bun/, "") : "";
}
