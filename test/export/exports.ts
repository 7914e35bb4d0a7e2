import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Db, Store } from "../../src/db/db.ts";
import { exportMarkdownFolder } from "../../src/export/markdown-folder.ts";
import type { TestStore } from "../testing/stores.ts";
import { storeWebsite } from "./stored-website.ts";

/** A database and a scratch folder, with a website of its own and a folder to export it to for each test. */
export async function openExports({ open }: TestStore) {
  const scratch = mkdtempSync(join(tmpdir(), "orbweaver-export-"));
  const store: Store = await open();
  const db: Db = store.db;
  let made = 0;

  return {
    scratch,
    db,
    async setUp(options: Record<string, unknown> = {}) {
      const origin = `https://site${++made}.example`;
      const site = await storeWebsite(db, `${origin}/`, options);
      const folder = join(scratch, `out${made}`);
      const request = { websiteId: site.websiteId, crawlId: site.crawlId, folder, withHost: false };
      return {
        ...site,
        origin,
        host: `site${made}.example`,
        folder,
        request,
        run: () => exportMarkdownFolder(db, request),
        read: (path: string) => readFileSync(join(folder, path), "utf8"),
        put: (path: string, content: string) => {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), content);
        },
        files: () => listFiles(folder),
      };
    },
    async close() {
      await store.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

const listFiles = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

export const frontMatterOf = (file: string) => Bun.YAML.parse(file.split("\n---\n")[0]?.slice(4) ?? "");
export const bodyOf = (file: string) => file.slice(file.indexOf("\n---\n\n") + 6);
