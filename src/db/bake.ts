import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PLACEHOLDER } from "./data-folder.ts";
import { startPostgres } from "./embedded.ts";

/** Makes a fresh, cleanly closed database folder (initdb, some seconds) and packs it as tar.gz. */
export async function bakeDataFolder(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-bake-"));
  try {
    const postgres = await startPostgres(folder);
    await postgres.exec("checkpoint");
    await postgres.close();
    rmSync(join(folder, "postmaster.pid"), { force: true });
    const files: Record<string, Uint8Array<ArrayBuffer>> = {};
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
      const path = join(folder, name);
      // Postgres insists on its empty folders, which a list of files can't name.
      if (statSync(path).isFile()) files[name] = new Uint8Array(readFileSync(path));
      else if (readdirSync(path).length === 0) files[join(name, PLACEHOLDER)] = new Uint8Array();
    }
    return await new Bun.Archive(files, { compress: "gzip", level: 9 }).bytes();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
