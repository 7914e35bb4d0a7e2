import { Database } from "bun:sqlite";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dir, "../..");

/** What tests make once for all runs, until what it was made of changes. */
export const CACHE = join(ROOT, "node_modules/.cache/orbweaver");

/** Digest of the texts of files, to name what is made of them. */
export async function digestFiles(paths: readonly string[]): Promise<string> {
  const texts = await Promise.all(paths.map((path) => Bun.file(join(ROOT, path)).text()));
  return Bun.hash([Bun.version, ...texts].join("\n")).toString(36);
}

/** Waits until no other process has the lock of this name. A process that dies gives it back. */
export function lockCache(name: string): { release(): void } {
  mkdirSync(CACHE, { recursive: true });
  const lock = new Database(join(CACHE, `${name}.lock`));
  lock.run("pragma busy_timeout = 120000");
  lock.run("begin exclusive");
  return { release: () => lock.close() };
}

/** Removes what was made of former states, unless it may still be in use. */
export function removeFormer(prefix: string, current: string, keptMs: number): void {
  for (const name of new Bun.Glob(`${prefix}-*`).scanSync({ cwd: CACHE, onlyFiles: false })) {
    const path = join(CACHE, name);
    if (path !== current && Date.now() - statSync(path).mtimeMs > keptMs)
      rmSync(path, { recursive: true, force: true });
  }
}
