import type { EventType, events } from "../db/schema/notifications.ts";
import type { ChangeKind } from "../db/schema/pages.ts";
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
  /** To look closer, by name: `page`, `change`. Absolute; none where the service does not know its own address. */
  links: Record<string, string>;
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
  /** As it was written down, for programs. */
  payload: Record<string, unknown>;
};

export type MessageOptions = {
  /** Explanations of changes, by their ids. */
  explanations?: ReadonlyMap<string, string>;
};

/** What an event says, for people and programs alike; pure. */
export function toMessage(event: StoredEvent, options: MessageOptions = {}): Message {
  const { id, type, createdAt: at, payload } = event;
  const said = describe(event, options);
  return { event: { id, type, at }, ...NOTHING_MORE, ...said, payload };
}

/** The changes that a message tells of. */
export function changeIdsOf(event: StoredEvent): string[] {
  if (event.type !== "website.digest") return event.changeId ? [event.changeId] : [];
  const { events: entries } = event.payload as DigestPayload;
  return entries.flatMap((entry) => (isPageEntry(entry) ? (entry.change.id ?? []) : []));
}

const NOTHING_MORE = { pages: [] as MessagePage[], isDigest: false, more: 0 };

type Said = Pick<Message, "title" | "summary"> & Partial<Message>;

function describe(event: StoredEvent, options: MessageOptions): Said {
  const { type, payload } = event;
  switch (type) {
    case "page.new":
    case "page.changed":
    case "page.removed":
    case "page.restored":
    case "page.moved":
      return describePage(payload as PagePayload, options);
    case "crawl.started":
    case "crawl.page":
    case "crawl.completed":
    case "crawl.failed":
      return describeCrawl(type, payload as CrawlPayload);
    case "website.digest":
      return describeDigest(payload as DigestPayload, options);
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

const PAGE_TITLES: Record<ChangeKind, string> = {
  new: "New page",
  changed: "Changed",
  moved: "Moved",
  removed: "Removed",
  restored: "Back again",
};

function describePage(payload: PagePayload, options: MessageOptions): Said {
  const { website, page, change } = payload;
  return {
    title: `${PAGE_TITLES[change.kind]}: ${page.title || page.url} (${website.name})`,
    url: change.to_url ?? page.url,
    summary: summarize(change),
    website,
    pages: [toPage(payload, options)],
  };
}

function toPage({ page, change, excerpt }: PagePayload, { explanations }: MessageOptions): MessagePage {
  return {
    ...{ url: change.to_url ?? page.url, title: page.title, kind: change.kind, share: change.share },
    ...{ added: excerpt.added, removed: excerpt.removed, at: change.detected_at, links: {} },
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

function describeCrawl(type: EventType, { website, crawl, page }: CrawlPayload): Said {
  const what = CRAWL_TITLES[type.slice("crawl.".length) as keyof typeof CRAWL_TITLES];
  const counts = COUNTED.filter((name) => typeof crawl[name] === "number").map((name) => `${name}: ${crawl[name]}`);
  return {
    title: `Crawl of ${website.name} ${what}${page ? `: ${page.url} (${page.outcome})` : ""}`,
    url: page?.url ?? website.url,
    summary: counts.join(", "),
    website,
  };
}

function describeDigest({ website, totals, events, more }: DigestPayload, options: MessageOptions): Said {
  const count = Object.values(totals).reduce((sum, each) => sum + each, 0);
  const pages = events.filter(isPageEntry).map((entry) => toPage(entry, options));
  const others = events.filter((entry) => !isPageEntry(entry));
  const names = new Set(events.flatMap(({ website: of }) => (of ? (of as WebsitePayload).name : [])));
  const where = website?.name ?? (names.size === 1 ? [...names][0] : `${names.size} websites`);
  const told = others.map((entry) => describeCrawl(entry.type as EventType, entry as unknown as CrawlPayload).title);
  const by = Object.entries(totals).map(([type, number]) => `${number} ${type.replace(/^page\./, "")}`);
  return {
    title: `${count} ${count === 1 ? "event" : "events"} on ${where}`,
    url: website?.url,
    summary: [by.join(", "), ...told].filter(Boolean).join(". "),
    website: website ?? undefined,
    ...{ pages, isDigest: true, more },
  };
}

function isPageEntry(entry: DigestEntry): entry is DigestEntry & PagePayload {
  return "change" in entry && "excerpt" in entry;
}
