import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DATABASE_FOLDER, PLACEHOLDER } from "./data-folder.ts";
import type { Store } from "./db.ts";
import { openEmbeddedStore, startPostgres } from "./embedded.ts";
import { createExtensions } from "./extensions.ts";

/**
 * Makes a fresh, cleanly closed database folder (initdb, some seconds) and packs it as tar.gz.
 * @param fill puts in what each database has, which the first start is spared then
 */
export async function bakeDataFolder(fill?: (store: Store) => Promise<void>): Promise<Uint8Array> {
  const root = mkdtempSync(join(tmpdir(), "orbweaver-bake-"));
  const folder = join(root, DATABASE_FOLDER);
  try {
    await (await startPostgres(folder)).close();
    const store = await openEmbeddedStore(root);
    await createExtensions(store.db);
    await fill?.(store);
    await store.execute("checkpoint");
    await store.close();
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
    rmSync(root, { recursive: true, force: true });
  }
}
