import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bakeDataFolder } from "./db/bake.ts";
import { BAKED_FOLDER } from "./db/data-folder.ts";

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
  await Bun.write(baked, await bakeDataFolder());
  await bundle();
} finally {
  rmSync(work, { recursive: true, force: true });
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(`${outfile}  ${(statSync(outfile).size / 1e6).toFixed(1)} MB  ${seconds.toFixed(1)} s`);

async function bundle(): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: [join(root, "src/main.ts"), join(root, "src/content/parser-thread.ts")],
    root,
    // Flat, so that `new URL("./parser-thread.ts", import.meta.url)` names the same file inside the executable, where
    // all code lies in one folder, as it does beside its source.
    naming: { entry: "[name].[ext]" },
    target: "bun",
    format: "esm",
    bytecode: true,
    minify: true,
    splitting: true,
    sourcemap: "inline",
    define: { "process.env.NODE_ENV": '"production"' },
    compile: {
      outfile: join(work, basename(outfile)),
      ...(values.target ? { target: values.target as Bun.Build.CompileTarget } : {}),
      ...(values["target-executable"] ? { executablePath: resolve(values["target-executable"]) } : {}),
      assets: [baked],
      // A third less memory at the peak of a crawl, for a hundredth more CPU time.
      execArgv: ["--smol"],
      // Else the executable would read settings, and a script to preload, from whatever folder it is started in.
      autoloadDotenv: false,
      autoloadBunfig: false,
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
