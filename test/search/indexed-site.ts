import { eq } from "drizzle-orm";
import { systemClock } from "../../src/clock.ts";
import type { Db } from "../../src/db/db.ts";
import { markdownDocuments, pages } from "../../src/db/schema/pages.ts";
import { indexWebsite } from "../../src/passages/index-website.ts";
import { storePage } from "../pages/stored-pages.ts";

export type SitePage = {
  path: string;
  title: string;
  markdown: string;
  language?: string;
  more?: Partial<Parameters<typeof storePage>[1]>;
};

/** Pages of a small documentation, in which each thing that is looked for has its place. */
export const DOCS: SitePage[] = [
  {
    path: "/",
    title: "Orchard database",
    markdown: "# Orchard database\n\nA database for trees. See the guides on locks, replication and backup.\n",
  },
  {
    path: "/guide/locks",
    title: "Advisory locks",
    markdown: [
      "# Advisory locks",
      "An advisory lock is held by a session until it ends. Orchard does not enforce what it is used for.",
      "## Functions",
      "Call `pg_advisory_lock(key)` to take one, and `pg_advisory_unlock(key)` to let it go. A second session waits.",
      "## Deadlocks",
      "Two sessions that wait for each other are in a deadlock. One of them is ended after `deadlock_timeout`.",
    ].join("\n\n"),
  },
  {
    path: "/guide/replication",
    title: "Replication",
    markdown: [
      "# Replication",
      "Standby servers follow the primary. A lock on the primary is not seen by a standby.",
      "## Setting it up",
      "Install the package, then start the standby with an empty folder. Replication slots keep the log.",
    ].join("\n\n"),
    more: { pageType: "documentation" },
  },
  {
    path: "/guide/backup",
    title: "Backup and restore",
    markdown:
      "# Backup and restore\n\nCopy the folder while the server runs. Restoring takes an advisory role file. Never lock the door.\n",
  },
  {
    path: "/blog/trees",
    title: "Why trees?",
    markdown:
      "# Why trees?\n\nTrees grow. We like <b>trees</b> & their <script>alert(1)</script> leaves. A tree is installed once.\n",
    more: { pageType: "article", changedAt: new Date("2026-03-01T00:00:00Z") },
  },
  {
    path: "/ja/lock",
    language: "ja",
    title: "アドバイザリロック",
    markdown:
      "# アドバイザリロック\n\nセッションが終了するまでロックは保持されます。全文検索も使えます。データベースの設定を確認してください。\n",
  },
];

/** Stores pages as crawls leave them and brings the index up to them. @returns ids of pages by their paths */
export async function indexSite(
  db: Db,
  website: { id: string; origin: string },
  sitePages: readonly SitePage[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const { path, title, markdown, language = "en", more } of sitePages) {
    const url = `${website.origin}${path}`;
    const body = `${url} ${markdown}`;
    const id = await storePage(db, { websiteId: website.id, url, title, markdown, body, ...more });
    await db.update(pages).set({ language }).where(eq(pages.id, id));
    await db.update(markdownDocuments).set({ language }).where(eq(markdownDocuments.pageId, id));
    ids.set(path, id);
  }
  await bringUp(db, website.id);
  return ids;
}

export const bringUp = (db: Db, websiteId: string) =>
  indexWebsite({ db, clock: systemClock }, websiteId, { signal: new AbortController().signal });
