import type { ChangeKind } from "../db/schema/pages.ts";

/** What events say of themselves, as receivers read it. Additions are welcome, what is there stays. */

export type WebsitePayload = { id: string; name: string; url: string };

/** Of `page.*`. */
export type PagePayload = {
  website: WebsitePayload;
  page: { id: string; url: string; title: string | null };
  change: {
    id: string;
    kind: ChangeKind;
    from_version: number | null;
    to_version: number | null;
    from_url: string | null;
    to_url: string | null;
    reason: string | null;
    summary: Record<string, number> | null;
    share: number | null;
    detected_at: string;
  };
  excerpt: { added: string[]; removed: string[] };
};

/** Of `crawl.*`; `crawl.page` has the page besides. */
export type CrawlPayload = {
  website: WebsitePayload;
  crawl: { id: string; state?: string } & Record<string, unknown>;
  page?: { url: string; status?: number; outcome: string };
};

/** One event that a digest gathers. */
export type DigestEntry = { id: string; type: string; at: string } & Record<string, unknown>;

/** Of `website.digest`; the website is null when it is about all of the user's. */
export type DigestPayload = {
  website: WebsitePayload | null;
  from: string;
  to: string;
  /** How many events, by type. */
  totals: Record<string, number>;
  /** The first of them. */
  events: DigestEntry[];
  /** How many are not among them. */
  more: number;
};

/** Of `channel.disabled` and `channel.test`. */
export type ChannelPayload = {
  channel: { id: string; name: string; kind: string };
  reason?: string;
  failing_since?: string | null;
};
