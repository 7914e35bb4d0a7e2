import { type Static, Type } from "@sinclair/typebox";
import { toViewer } from "../../access/principal.ts";
import { CRAWL_STATES } from "../../db/schema/crawls.ts";
import { listWebsites } from "../../websites/websites.ts";
import { shorten } from "../budget.ts";
import { idCursors } from "../cursors.ts";
import { NOTICE } from "../untrusted.ts";
import { type KnownWebsite, lookUpWebsites } from "../website-facts.ts";
import { Cursor, Fields, Id, Instant, Limit, MaxTokens, NextCursor, Notice, Nullable, OneOf } from "./fields.ts";
import { READS_STORE } from "./hints.ts";
import { writeList } from "./lists.ts";
import { defineTool } from "./tool.ts";

const WebsiteItem = Fields({
  id: Id(),
  name: Type.String(),
  url: Type.String({ description: "Where its crawls start" }),
  pages: Type.Integer({ description: "Pages that can be searched" }),
  indexed_at: Nullable(Instant("How fresh that is")),
  last_crawl: Nullable(Fields({ id: Id(), state: OneOf(CRAWL_STATES), finished_at: Nullable(Instant()) })),
});
type WebsiteItem = Static<typeof WebsiteItem>;

const cursors = idCursors("websites");

export const listWebsitesTool = defineTool({
  name: "list_websites",
  title: "List websites",
  description:
    "Registered websites, newest first, each with how many of its pages can be searched and how fresh that is.",
  permission: "read",
  hints: READS_STORE,
  input: Fields({ limit: Limit(50, 100), cursor: Cursor, max_tokens: MaxTokens() }),
  output: Fields({ notice: Notice, websites: Type.Array(WebsiteItem), next_cursor: NextCursor }),
  run: async ({ store }, { limit, cursor, max_tokens: maxTokens }, { principal }) => {
    const filter = { viewer: toViewer(principal), limit: limit + 1, after: cursors.read(cursor) };
    const rows = await store.read(async (db) => lookUpWebsites(db, await listWebsites(db, filter)));
    const { items, nextCursor, text } = writeList(rows, {
      ...{ limit, maxTokens, view: viewWebsite, describe: describeWebsite, cursors },
      ...{ keyOf: ({ website }) => website.id, source: "list of websites" },
      empty: "No website is registered yet; crawl registers one",
    });
    return { structured: { notice: NOTICE, websites: items, next_cursor: nextCursor }, text };
  },
});

export function viewWebsite({ website, pages, indexedAt, lastCrawl }: KnownWebsite): WebsiteItem {
  const { id, name, url } = website;
  return {
    ...{ id, name: shorten(name, 100), url, pages, indexed_at: indexedAt?.toISOString() ?? null },
    last_crawl: lastCrawl
      ? { id: lastCrawl.id, state: lastCrawl.state, finished_at: lastCrawl.finishedAt?.toISOString() ?? null }
      : null,
  };
}

export function describeWebsite({ id, name, url, pages, indexed_at: at, last_crawl: crawl }: WebsiteItem): string {
  const fresh = at === null ? "not indexed yet" : `${pages} pages, indexed ${at}`;
  const last = crawl ? `; last crawl ${crawl.id} ${crawl.state} ${crawl.finished_at ?? ""}` : "; never crawled";
  return `- ${name}: ${url} (id ${id}; ${fresh}${last.trimEnd()})`;
}
