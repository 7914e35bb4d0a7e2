import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BUILD_OPTIONS, COMPILE_OPTIONS } from "../../src/build-options.ts";

const CACHE = resolve(import.meta.dir, "../../node_modules/.cache");

export const BARE = ["bun", "elysia", "select"] as const;
export type Bare = (typeof BARE)[number];

/**
 * An executable of a bare server in `folder`, compiled as `src/build.ts` compiles Orbweaver.
 * @throws Error with what the compiler said
 */
export async function compileBare(name: Bare, folder: string): Promise<string> {
  const outfile = join(folder, `bare-${name}`);
  // The bundler leaves more than the executable beside it.
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, "bare-"));
  const { success, logs } = await Bun.build({
    entrypoints: [join(import.meta.dir, "bare", `${name}.ts`)],
    ...BUILD_OPTIONS,
    compile: { ...COMPILE_OPTIONS, outfile: join(work, name) },
    throw: false,
  });
  if (!success) throw new Error(`The bare ${name} server did not compile: ${logs.join("\n")}`);
  await copyFile(join(work, name), outfile);
  await rm(work, { recursive: true });
  return outfile;
}
