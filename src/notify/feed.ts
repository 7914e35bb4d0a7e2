import { inArray } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import type { PathFilter } from "../changes/change-search.ts";
import { searchChanges } from "../changes/change-search.ts";
import type { ChangeFilter, PlacedChange } from "../changes/changes.ts";
import type { Db } from "../db/db.ts";
import { events } from "../db/schema/notifications.ts";
import { getWebsite } from "../websites/websites.ts";
import { cleanText, happeningOf, nameOf, SEE_CHANGE } from "./formats/chat-text.ts";
import { createLinker, type Linker } from "./links.ts";
import { KIND_WORDS } from "./message.ts";

export type FeedFilter = Pick<ChangeFilter, "kinds" | "minShare"> &
  PathFilter & {
    limit: number;
    /** Where people reach the service; without it entries lead to the pages alone. */
    publicUrl?: string | undefined;
  };

export type FeedEntry = {
  /** Stays, whatever becomes of the page. */
  id: string;
  kind: PlacedChange["kind"];
  title: string;
  /** Where the page is, or was. */
  url: string;
  at: Date;
  /** Where the service shows what changed. */
  changeUrl?: string | undefined;
  /** Well-formed, with texts of the page escaped. */
  html: string;
};

export type Feed = {
  title: string;
  websiteId: string;
  websiteUrl: string;
  entries: FeedEntry[];
  /** When the newest entry was found, else when the website was registered. */
  updatedAt: Date;
};

/**
 * The latest changes of a website, newest first.
 * @throws AppError `not_found` also when it is deleted or belongs to somebody else
 */
export async function readFeed(db: Db, viewer: Viewer, websiteId: string, filter: FeedFilter): Promise<Feed> {
  const { limit, publicUrl, ...meant } = filter;
  const linker = createLinker(publicUrl);
  const website = await getWebsite(db, viewer, websiteId);
  const { changes } = await searchChanges(db, { viewer, websiteId, ...meant }, { limit });
  const excerpts = await readExcerpts(db, changes);
  return {
    title: `Changes on ${cleanText(website.name)}`,
    ...{ websiteId, websiteUrl: website.url },
    entries: changes.map((change) => toEntry(change, linker, excerpts.get(change.id))),
    updatedAt: changes[0]?.detectedAt ?? website.createdAt,
  };
}

type Excerpt = { added: string[]; removed: string[] };

/** What the events of the changes carry, as long as they are kept. */
async function readExcerpts(db: Db, changes: readonly PlacedChange[]): Promise<Map<string, Excerpt>> {
  if (changes.length === 0) return new Map();
  const ids = changes.map(({ id }) => id);
  const rows = await db
    .select({ changeId: events.changeId, payload: events.payload })
    .from(events)
    .where(inArray(events.changeId, ids));
  return new Map(rows.map(({ changeId, payload }) => [changeId ?? "", readExcerpt(payload.excerpt)]));
}

function readExcerpt(given: unknown): Excerpt {
  const { added, removed } = (given ?? {}) as { added?: unknown; removed?: unknown };
  return { added: readTexts(added), removed: readTexts(removed) };
}

const readTexts = (given: unknown) => (Array.isArray(given) ? given.filter((text) => typeof text === "string") : []);

function toEntry(change: PlacedChange, linker: Linker, excerpt: Excerpt = { added: [], removed: [] }): FeedEntry {
  const { id, kind, url, title, share, fromUrl, toUrl, explanation, detectedAt } = change;
  const links = linker.ofPage({ page: { id: change.pageId }, change });
  const page = { url, title, kind, share, ...excerpt, fromUrl: fromUrl ?? undefined, at: "", links };
  const parts = [
    `<p>${escapeText(happeningOf(page))}</p>`,
    explanation === null ? "" : `<p><em>${escapeText(explanation)}</em></p>`,
    toList("Removed", "del", excerpt.removed),
    toList("Added", "ins", excerpt.added),
    links.change === undefined ? "" : `<p><a href="${Bun.escapeHTML(links.change)}">${SEE_CHANGE}</a></p>`,
  ];
  return {
    ...{ id, kind, at: detectedAt, url: toUrl ?? url, changeUrl: links.change, html: parts.join("") },
    title: `${KIND_WORDS[kind]}: ${nameOf(page, 300)}`,
  };
}

function toList(heading: string, tag: "ins" | "del", texts: readonly string[]): string {
  const items = texts.map((text) => `<li><${tag}>${escapeText(text)}</${tag}></li>`);
  return items.length === 0 ? "" : `<p>${heading}:</p><ul>${items.join("")}</ul>`;
}

const escapeText = (text: string) => Bun.escapeHTML(cleanText(text));
