import { and, eq, inArray, isNull } from "drizzle-orm";
import type { App } from "../app.ts";
import { diffMarkdown } from "../changes/diff/block-diff.ts";
import { toDiffText } from "../changes/diff/text.ts";
import { pageChanges, pages } from "../db/schema/pages.ts";
import { findChangedTexts } from "./changed-texts.ts";
import { EXPLAIN_TIMEOUT_MS } from "./explainer.ts";

/** Of one message; the others are told without. */
const MAX_EXPLAINED = 10;

/**
 * Has the changes that nobody has put into plain words yet put into them, and keeps the words. What can't be explained
 * in time stays without, which the log tells: a message is not held up for it.
 */
export async function explainChanges(
  { db, explainer, clock, log }: Pick<App, "db" | "explainer" | "clock" | "log">,
  changeIds: readonly string[],
  stop: AbortSignal,
): Promise<void> {
  if (!explainer || changeIds.length === 0) return;
  const isMissing = and(inArray(pageChanges.id, changeIds.slice(0, MAX_EXPLAINED)), isNull(pageChanges.explanation));
  const missing = await db
    .select({ change: pageChanges, title: pages.title, url: pages.url })
    .from(pageChanges)
    .innerJoin(pages, eq(pages.id, pageChanges.pageId))
    .where(isMissing);
  const ended = new AbortController();
  const late = new AbortController();
  const timer = clock.sleep(EXPLAIN_TIMEOUT_MS, ended.signal).then(() => late.abort(new Error("The time is over")));
  timer.catch(() => {});
  const signal = AbortSignal.any([stop, late.signal]);
  const explain = async ({ change, title, url }: (typeof missing)[number]): Promise<void> => {
    const texts = await findChangedTexts(db, change);
    if (!texts) return;
    const diff = toDiffText(diffMarkdown(texts.before, texts.after));
    if (diff.trim() === "") return;
    const explanation = await explainer.explain({ title: title ?? "", url, diff }, signal);
    if (explanation === undefined) return;
    const isStillMissing = and(eq(pageChanges.id, change.id), isNull(pageChanges.explanation));
    await db.update(pageChanges).set({ explanation }).where(isStillMissing);
  };
  try {
    const ends = await Promise.allSettled(missing.map(explain));
    for (const [index, end] of ends.entries())
      if (end.status === "rejected" && !stop.aborted)
        log.warn("change not explained", { changeId: missing[index]?.change.id, error: end.reason });
  } finally {
    ended.abort();
  }
}
