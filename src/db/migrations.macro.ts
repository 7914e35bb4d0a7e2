import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type Migration = { tag: string; when: number; up: string; down: string };

/** Reads `drizzle/` while the program is bundled or loaded, so that the executable carries its migrations. */
export function readMigrations(): Migration[] {
  const folder = join(import.meta.dir, "../../drizzle");
  const journal = JSON.parse(readFileSync(join(folder, "meta/_journal.json"), "utf8")) as {
    entries: { tag: string; when: number }[];
  };
  const files = new Set(readdirSync(folder));
  return journal.entries.map(({ tag, when }) => ({
    tag,
    when,
    up: readFileSync(join(folder, `${tag}.sql`), "utf8"),
    down: files.has(`${tag}.down.sql`) ? readFileSync(join(folder, `${tag}.down.sql`), "utf8") : "",
  }));
}
