import type { EventType, events } from "../db/schema/notifications.ts";
import type { ChangeKind } from "../db/schema/pages.ts";

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
  /** A line: "3 pages changed on Example Docs". */
  title: string;
  /** Where the title leads, if anywhere: the page, else the website. */
  url?: string | undefined;
  /** A sentence or two. */
  summary: string;
  /** Absent where it is about several, or none. */
  website?: { id: string; name: string; url: string } | undefined;
  pages: MessagePage[];
  isDigest: boolean;
  /** How many pages are not among `pages`. */
  more: number;
  /** As it was written down, for programs. */
  payload: Record<string, unknown>;
};
