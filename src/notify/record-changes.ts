import { viewChangeSummary } from "../changes/diff/json.ts";
import type { Db } from "../db/db.ts";
import { type ChangeKind, type ChangeSummary, pageChanges } from "../db/schema/pages.ts";
import { recordEvents } from "./outbox.ts";
import type { PagePayload } from "./payload.ts";

/** A change of a page that is to be told. */
export type NewChange = {
  kind: ChangeKind;
  page: { id: string; url: string; title: string | null };
  from?: { documentId: string; version: number };
  to?: { documentId: string; version: number };
  /** Of a page that moved. */
  fromUrl?: string;
  toUrl?: string;
  /** See `page_changes.reason`. */
  reason?: string;
  /** Where two texts were compared. */
  summary?: ChangeSummary;
  /** The first of the blocks that came and went, short. */
  excerpt?: { added: string[]; removed: string[] };
  detectedAt: Date;
};

export type ChangeScope = {
  website: { id: string; userId: string; name: string; url: string };
  crawlId: string | null;
};

/** Writes changes down with their events, in the transaction that made them. */
export async function recordChanges(tx: Db, scope: ChangeScope, changes: readonly NewChange[]): Promise<void> {
  if (changes.length === 0) return;
  const { website, crawlId } = scope;
  const named = changes.map((change) => ({ id: Bun.randomUUIDv7(), change }));
  const rows = named.map(({ id, change }) => ({ ...toRow(change), websiteId: website.id, crawlId, id }));
  await tx.insert(pageChanges).values(rows);
  const events = named.map(({ id, change }) => ({
    userId: website.userId,
    websiteId: website.id,
    crawlId,
    pageId: change.page.id,
    changeId: id,
    type: `page.${change.kind}` as const,
    payload: toPayload(website, change, id),
  }));
  await recordEvents(tx, events);
}

function toRow(change: NewChange) {
  const { kind, page, from, to, fromUrl, toUrl, reason, summary, detectedAt } = change;
  return {
    ...{ pageId: page.id, kind, fromUrl, toUrl, reason, detectedAt, share: summary?.share },
    ...{ fromDocumentId: from?.documentId, fromVersion: from?.version },
    ...{ toDocumentId: to?.documentId, toVersion: to?.version },
    summary: summary ?? {},
  };
}

function toPayload({ id, name, url }: ChangeScope["website"], change: NewChange, changeId: string): PagePayload {
  const { kind, page, from, to, fromUrl, toUrl, reason, summary, excerpt, detectedAt } = change;
  return {
    website: { id, name, url },
    page,
    change: {
      ...{ id: changeId, kind, from_version: from?.version ?? null, to_version: to?.version ?? null },
      ...{ from_url: fromUrl ?? null, to_url: toUrl ?? null, reason: reason ?? null },
      ...{ summary: summary ? viewChangeSummary(summary) : null, share: summary?.share ?? null },
      detected_at: detectedAt.toISOString(),
    },
    excerpt: excerpt ?? { added: [], removed: [] },
  };
}
