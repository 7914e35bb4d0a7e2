import { and, asc, between, eq, inArray, sql } from "drizzle-orm";
import { diffMarkdown } from "../changes/diff/block-diff.ts";
import { excerptOf } from "../changes/diff/excerpt.ts";
import type { Tracking } from "../changes/tracking.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pageLinks, pages } from "../db/schema/pages.ts";
import { type ChangeScope, type NewChange, recordChanges } from "../notify/record-changes.ts";
import type { LostPage } from "./conclusion-log.ts";
import { versionOf } from "./page-rows.ts";
import { hashUrl } from "./url.ts";

/** Pages of one transaction. */
const BATCH = 200;
/** Of those whose texts are compared meanwhile. */
const MOVES_BATCH = 25;

/** All that is written here is safe to repeat: a page is told by the transaction that changes its state, and once. */
export type Writing = { db: Db; scope: ChangeScope; now: Date };

type PageRow = typeof pages.$inferSelect;

export type Move = { id: string; to: string; reason: "redirect" | "same_content" };

/** Tells pages that moved; the page that one moved to is no new one then. @returns how many were told */
export async function tellMoved({ db, scope, now }: Writing, moves: readonly Move[]): Promise<number> {
  let told = 0;
  for (let start = 0; start < moves.length; start += MOVES_BATCH) {
    const batch = new Map(moves.slice(start, start + MOVES_BATCH).map((move) => [move.id, move]));
    const targets = await findTargets(db, scope.website.id, [...batch.values()]);
    const differences = await compareTexts(db, [...batch.values()], targets);
    told += await db.transaction(async (tx) => {
      const rows = await lockPages(tx, [...batch.keys()], ["live", "missing"]);
      const changes = rows.flatMap((page): NewChange[] => {
        const move = batch.get(page.id);
        if (!move) return [];
        const [fromUrl, toUrl, target] = [page.url, move.to, targets.get(move.to)];
        const versions = { from: versionOf(page), to: target && versionOf(target) };
        return [
          {
            kind: "moved",
            page,
            fromUrl,
            toUrl,
            reason: move.reason,
            ...versions,
            ...differences.get(page.id),
            detectedAt: now,
          },
        ];
      });
      for (const { page, toUrl } of changes) {
        await tx
          .update(pages)
          .set({ state: "moved", movedTo: toUrl ?? null, missingSince: null, missingVisits: 0 })
          .where(eq(pages.id, page.id));
      }
      const found = changes.flatMap(({ toUrl }) => targets.get(toUrl ?? "")?.id ?? []);
      if (found.length > 0) await tx.update(pages).set({ isNew: false }).where(inArray(pages.id, found));
      await recordChanges(tx, scope, changes.map(withoutRow));
      return changes.length;
    });
  }
  return told;
}

/** Pages by the URLs that others moved to, as far as they are of this website. */
async function findTargets(db: Db, websiteId: string, moves: readonly Move[]): Promise<Map<string, PageRow>> {
  const hashes = moves.map(({ to }) => hashUrl(to));
  const isOne = and(eq(pages.websiteId, websiteId), inArray(pages.urlHash, hashes));
  return new Map((await db.select().from(pages).where(isOne)).map((page) => [page.url, page]));
}

/** What differs between an old page and one that appeared with its move, where both have a text. */
async function compareTexts(db: Db, moves: readonly Move[], targets: ReadonlyMap<string, PageRow>) {
  const differences = new Map<string, Pick<NewChange, "summary" | "excerpt">>();
  for (const { id, to } of moves) {
    const target = targets.get(to);
    if (!target?.isNew || target.documentId === null) continue;
    const [old] = await db
      .select({ hash: markdownDocuments.contentHash, markdown: markdownDocuments.markdown })
      .from(pages)
      .innerJoin(markdownDocuments, eq(markdownDocuments.id, pages.documentId))
      .where(eq(pages.id, id));
    if (!old || old.hash === target.contentHash) continue;
    const [now] = await db
      .select({ markdown: markdownDocuments.markdown })
      .from(markdownDocuments)
      .where(eq(markdownDocuments.id, target.documentId));
    if (!now) continue;
    const diff = diffMarkdown(old.markdown, now.markdown);
    if (diff.changes.length > 0) differences.set(id, { summary: diff.summary, excerpt: excerptOf(diff) });
  }
  return differences;
}

/**
 * Tells those of the missing pages as removed that have been so for long enough; as moved when it is a redirect that keeps
 * them missing.
 */
export async function tellRemoved(writing: Writing, missing: readonly LostPage[], tracking: Tracking) {
  const { db, scope, now } = writing;
  const counts = { removed: 0, moved: 0 };
  for (let start = 0; start < missing.length; start += BATCH) {
    const batch = new Map(missing.slice(start, start + BATCH).map((page) => [page.id, page.finding]));
    const moves: Move[] = [];
    counts.removed += await db.transaction(async (tx) => {
      const rows = await lockPages(tx, [...batch.keys()], ["missing"]);
      const changes = rows.flatMap((page): NewChange[] => {
        const finding = batch.get(page.id);
        if (finding?.kind !== "gone" && finding?.kind !== "absent") return [];
        const isDue = finding.kind === "gone" || hasLasted(page.missingVisits, page.missingSince, tracking, now);
        if (!isDue) return [];
        if (finding.kind === "absent" && finding.reason === "redirect" && finding.to !== undefined) {
          moves.push({ id: page.id, to: finding.to, reason: "redirect" });
          return [];
        }
        return [{ kind: "removed", page, from: versionOf(page), reason: finding.reason, detectedAt: now }];
      });
      await setRemoved(tx, scope, changes);
      return changes.length;
    });
    counts.moved += await tellMoved(writing, moves);
  }
  return counts;
}

/** Tells pages as removed that nothing has led to for long enough. */
export async function tellUnlinked({ db, scope, now }: Writing, ids: readonly string[], tracking: Tracking) {
  let told = 0;
  for (let start = 0; start < ids.length; start += BATCH) {
    told += await db.transaction(async (tx) => {
      const rows = await lockPages(tx, ids.slice(start, start + BATCH), ["live"]);
      const isOne = inArray(
        pageLinks.pageId,
        rows.map(({ id }) => id),
      );
      const links = rows.length > 0 ? await tx.select().from(pageLinks).where(isOne) : [];
      const due = new Set(
        links
          .filter(({ unlinkedVisits, unlinkedSince }) => hasLasted(unlinkedVisits, unlinkedSince, tracking, now))
          .map(({ pageId }) => pageId),
      );
      const changes = rows
        .filter(({ id }) => due.has(id))
        .map((page) => ({
          kind: "removed" as const,
          page,
          from: versionOf(page),
          reason: "unlinked",
          detectedAt: now,
        }));
      await setRemoved(tx, scope, changes);
      if (due.size > 0) {
        const counters = { unlinkedVisits: 0, unlinkedSince: null };
        await tx
          .update(pageLinks)
          .set(counters)
          .where(inArray(pageLinks.pageId, [...due]));
      }
      return changes.length;
    });
  }
  return told;
}

/** Tells the pages that appeared and are still there. */
export async function tellNew({ db, scope, now }: Writing): Promise<number> {
  const isOne = and(
    ...[eq(pages.websiteId, scope.website.id), eq(pages.isNew, true), eq(pages.state, "live")],
    between(pages.status, 200, 299),
  );
  let told = 0;
  for (;;) {
    const count = await db.transaction(async (tx) => {
      const rows = await tx.select().from(pages).where(isOne).orderBy(asc(pages.id)).limit(BATCH).for("update");
      if (rows.length === 0) return 0;
      const changes = rows.map((page) => ({ kind: "new" as const, page, to: versionOf(page), detectedAt: now }));
      const ids = rows.map(({ id }) => id);
      await tx.update(pages).set({ isNew: false }).where(inArray(pages.id, ids));
      await recordChanges(tx, scope, changes.map(withoutRow));
      return rows.length;
    });
    told += count;
    if (count < BATCH) return told;
  }
}

function hasLasted(visits: number, since: Date | null, tracking: Tracking, now: Date): boolean {
  const lastedMs = since === null ? 0 : now.getTime() - since.getTime();
  return visits >= tracking.removed_after_visits && lastedMs >= 1_000 * tracking.removed_after_s;
}

async function setRemoved(tx: Db, scope: ChangeScope, changes: readonly NewChange[]): Promise<void> {
  if (changes.length === 0) return;
  const ids = changes.map(({ page }) => page.id);
  await tx
    .update(pages)
    .set({
      state: "removed",
      missingSince: sql`coalesce(${pages.missingSince}, ${changes[0]?.detectedAt.toISOString()}::timestamptz)`,
    })
    .where(inArray(pages.id, ids));
  await recordChanges(tx, scope, changes.map(withoutRow));
}

/** In one order everywhere, so that those that write to the same pages can't block each other. */
async function lockPages(tx: Db, ids: readonly string[], states: PageRow["state"][]): Promise<PageRow[]> {
  if (ids.length === 0) return [];
  const isOne = and(inArray(pages.id, [...ids]), inArray(pages.state, states));
  return tx.select().from(pages).where(isOne).orderBy(asc(pages.id)).for("update");
}

/** Events carry what they name of a page and nothing else. */
function withoutRow({ page: { id, url, title }, ...change }: NewChange): NewChange {
  return { ...change, page: { id, url, title } };
}
