import type { EventType, events } from "../db/schema/notifications.ts";
import type { ChangeKind } from "../db/schema/pages.ts";
import { createLinker, type Linker, type Links, withLinks } from "./links.ts";
import type {
  ChannelPayload,
  CrawlPayload,
  DigestEntry,
  DigestPayload,
  PagePayload,
  WebsitePayload,
} from "./payload.ts";

export type StoredEvent = typeof events.$inferSelect;

/** A page that something happened to, as channels tell it. */
export type MessagePage = {
  url: string;
  title: string | null;
  kind: ChangeKind;
  /** Share of its text that changed, between 0 and 1; null where no texts were compared. */
  share: number | null;
  /** The first of the blocks that came and went, short. */
  added: string[];
  removed: string[];
  /** Where it was, of one that moved. */
  fromUrl?: string | undefined;
  /** See `page_changes.reason`. */
  reason?: string | undefined;
  /** In plain words, by a language model. */
  explanation?: string | undefined;
  changeId?: string | undefined;
  at: string;
  /** To look closer: `page`, `change`. None where the service does not know its own address. */
  links: Links;
};

/** What a channel tells, whatever kind it is of. */
export type Message = {
  event: { id: string; type: EventType; at: Date };
  /** A line: "3 changes on Example Docs". */
  title: string;
  /** Where the title leads, if anywhere: the page, else the website. */
  url?: string | undefined;
  /** A sentence or two. */
  summary: string;
  /** Absent where it is about several, or none. */
  website?: WebsitePayload | undefined;
  pages: MessagePage[];
  isDigest: boolean;
  /** How many pages are not among `pages`. */
  more: number;
  /** To look at all of it: `crawl`, `changes`, `report`, as far as they fit. */
  links: Links;
  /** As it was written down, with links, for programs. */
  payload: Record<string, unknown>;
};

export type MessageOptions = {
  /** Explanations of changes, by their ids. */
  explanations?: ReadonlyMap<string, string>;
  /** Where people reach the service; without it there are no links. */
  publicUrl?: string | undefined;
};

type Context = Pick<MessageOptions, "explanations"> & { linker: Linker };

/** What an event says, for people and programs alike; pure. */
export function toMessage(event: StoredEvent, { explanations, publicUrl }: MessageOptions = {}): Message {
  const { id, type, createdAt: at, payload } = event;
  const said = describe(event, { explanations, linker: createLinker(publicUrl) });
  return { event: { id, type, at }, ...NOTHING_MORE, payload, ...said };
}

/** The changes that a message tells of. */
export function changeIdsOf(event: StoredEvent): string[] {
  if (event.type !== "website.digest") return event.changeId ? [event.changeId] : [];
  const { events: entries } = event.payload as DigestPayload;
  return entries.flatMap((entry) => (isPageEntry(entry) ? (entry.change.id ?? []) : []));
}

const NOTHING_MORE = { pages: [] as MessagePage[], isDigest: false, more: 0, links: {} };

type Said = Pick<Message, "title" | "summary"> & Partial<Message>;

function describe(event: StoredEvent, context: Context): Said {
  const { type, payload } = event;
  switch (type) {
    case "page.new":
    case "page.changed":
    case "page.removed":
    case "page.restored":
    case "page.moved":
      return describePage(payload as PagePayload, context);
    case "crawl.started":
    case "crawl.page":
    case "crawl.completed":
    case "crawl.failed":
      return describeCrawl(type, payload as CrawlPayload, context);
    case "website.digest":
      return describeDigest(payload as DigestPayload, context);
    case "channel.disabled": {
      const { channel, reason } = payload as ChannelPayload;
      return { title: `Channel "${channel.name}" was disabled`, summary: reason ?? "" };
    }
    case "channel.test": {
      const { channel } = payload as ChannelPayload;
      return { title: `Test of channel "${channel.name}"`, summary: "What this channel is told arrives here." };
    }
  }
}

/** What happened to a page, to begin a line with. */
export const KIND_WORDS: Record<ChangeKind, string> = {
  new: "New page",
  changed: "Changed",
  moved: "Moved",
  removed: "Removed",
  restored: "Back again",
};

function describePage(payload: PagePayload, context: Context): Said {
  const { website, page, change } = payload;
  const told = toPage(payload, context);
  return {
    title: `${KIND_WORDS[change.kind]}: ${page.title || page.url} (${website.name})`,
    url: change.to_url ?? page.url,
    summary: summarize(change),
    website,
    pages: [told],
    payload: withLinks(payload, told.links),
  };
}

function toPage(payload: PagePayload, { explanations, linker }: Context): MessagePage {
  const { page, change, excerpt } = payload;
  return {
    ...{ url: change.to_url ?? page.url, title: page.title, kind: change.kind, share: change.share },
    ...{ added: excerpt.added, removed: excerpt.removed, at: change.detected_at, links: linker.ofPage(payload) },
    fromUrl: change.from_url ?? undefined,
    reason: change.reason ?? undefined,
    changeId: change.id,
    explanation: change.id === undefined ? undefined : explanations?.get(change.id),
  };
}

const REASONS: Record<string, string> = {
  http_410: "The server says that it is gone for good.",
  http_404: "The server finds it no more.",
  soft_404: "The server finds it no more, though it does not say so.",
  unlinked: "No page of the website leads to it any more.",
  redirect: "It redirects there for good.",
  same_content: "The same text is found there now.",
};

function summarize({ kind, summary, share, reason, from_url, to_url }: PagePayload["change"]): string {
  const why = reason ? (REASONS[reason] ?? "") : "";
  if (kind === "moved") return `From ${from_url ?? "?"} to ${to_url ?? "?"}. ${why}`.trim();
  if (kind === "removed") return why || "It is there no more.";
  if (!summary) return kind === "new" ? "It is seen for the first time." : why;
  const parts = (["added", "removed", "changed", "moved"] as const)
    .filter((name) => (summary[name] ?? 0) > 0)
    .map((name) => `${summary[name]} ${name}`);
  const blocks = parts.length > 0 ? `Blocks: ${parts.join(", ")}` : "";
  return [blocks, share === null ? "" : `${toPercent(share)} of the text`].filter(Boolean).join("; ");
}

/** Never 0 % of what did change. */
function toPercent(share: number): string {
  return share > 0 && share < 0.01 ? "less than 1 %" : `${Math.round(share * 100)} %`;
}

const CRAWL_TITLES = { started: "started", page: "fetched a page", completed: "completed", failed: "failed" };
const COUNTED = ["pages", "new", "changed", "moved", "removed", "restored", "failed"];

function describeCrawl(type: EventType, payload: CrawlPayload, { linker }: Context): Said {
  const { website, crawl, page } = payload;
  const links = linker.ofCrawl(type, payload);
  const what = CRAWL_TITLES[type.slice("crawl.".length) as keyof typeof CRAWL_TITLES];
  const counts = COUNTED.filter((name) => typeof crawl[name] === "number").map((name) => `${name}: ${crawl[name]}`);
  return {
    title: `Crawl of ${website.name} ${what}${page ? `: ${page.url} (${page.outcome})` : ""}`,
    url: page?.url ?? website.url,
    summary: counts.join(", "),
    ...{ website, links, payload: withLinks(payload, links) },
  };
}

function describeDigest(payload: DigestPayload, context: Context): Said {
  const { website, totals, events, more } = payload;
  const count = Object.values(totals).reduce((sum, each) => sum + each, 0);
  const pages = events.filter(isPageEntry).map((entry) => toPage(entry, context));
  const others = events.filter((entry) => !isPageEntry(entry));
  const names = new Set(events.flatMap(({ website: of }) => (of ? (of as WebsitePayload).name : [])));
  const where = website?.name ?? (names.size === 1 ? [...names][0] : `${names.size} websites`);
  const crawls = others.map((entry) => describeCrawl(entry.type as EventType, toCrawlPayload(entry), context));
  const by = Object.entries(totals).map(([type, number]) => `${number} ${type.replace(/^page\./, "")}`);
  const links = context.linker.ofDigest(payload);
  const linked = events.map((entry) => withLinks(entry, linksOf(entry, context)));
  return {
    title: `${count} ${count === 1 ? "event" : "events"} on ${where}`,
    url: website?.url,
    summary: [by.join(", "), ...crawls.map(({ title }) => title)].filter(Boolean).join(". "),
    website: website ?? undefined,
    ...{ pages, isDigest: true, more, links },
    payload: withLinks({ ...payload, events: linked }, links),
  };
}

function linksOf(entry: DigestEntry, { linker }: Context): Links {
  return isPageEntry(entry) ? linker.ofPage(entry) : linker.ofCrawl(entry.type, toCrawlPayload(entry));
}

/** A digest gathers nothing but pages and crawls. */
const toCrawlPayload = (entry: DigestEntry) => entry as unknown as CrawlPayload;

function isPageEntry(entry: DigestEntry): entry is DigestEntry & PagePayload {
  return "change" in entry && "excerpt" in entry;
}
