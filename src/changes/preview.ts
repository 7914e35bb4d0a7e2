import type { Viewer } from "../access/viewer.ts";
import type { ParserPool } from "../content/parser-pool.ts";
import type { Db } from "../db/db.ts";
import type { ChangeSummary } from "../db/schema/pages.ts";
import type { StoredDocument } from "../pages/document.ts";
import type { Page } from "../pages/pages.ts";
import { toCompared } from "./comparable-text.ts";
import { diffVersions } from "./compare.ts";
import { diffMarkdown } from "./diff/block-diff.ts";
import type { Diff } from "./diff/diff.ts";
import { eachRecentVersions } from "./recent-versions.ts";
import { isWorthTelling, type NoiseRules, readTracking, rulesFor, type Tracking, withoutNoise } from "./tracking.ts";
import { getTracking } from "./website-tracking.ts";

/** What rules make of a version: told, or why not. */
export type Verdict = {
  isTold: boolean;
  reason: "noise" | "min_share" | "trigger_text" | null;
  /** Against the version that was told last, without noise; null for noise. */
  summary: ChangeSummary | null;
};

export type PreviewedVersion = {
  page: Pick<Page, "id" | "url" | "title">;
  /** Those that the given rules compare. */
  fromVersion: number;
  toVersion: number;
  fetchedAt: Date;
  present: Verdict;
  given: Verdict;
  /** The first blocks that differ and that the given rules leave out. */
  leftOut: string[];
};

export type VerdictCount = { told: number; noise: number; minShare: number; triggerText: number };

export type TrackingPreview = {
  /** Versions that were looked at: each that followed upon another. */
  compared: number;
  pages: number;
  present: VerdictCount;
  given: VerdictCount;
  /** The first of them, page by page, oldest first. */
  versions: PreviewedVersion[];
};

const BOUNDS = { maxPages: 10, maxVersions: 20, maxCharacters: 8_000_000 };
const MAX_LEFT_OUT = 5;
const MAX_LOOKED_AT = 100;
const MAX_LENGTH = 300;

/**
 * What rules would have told of the stored versions, beside what the website's own rules would have: of one page, or of
 * those that changed most often. As in a crawl, what is not told leaves the version that others are compared with.
 * @throws AppError `not_found`, `unavailable` when there is no room to read a body anew
 */
export async function previewTracking(
  context: { db: Db; parser: ParserPool },
  viewer: Viewer,
  websiteId: string,
  tracking: Tracking,
  { pageId, limit, signal }: { pageId?: string; limit: number; signal?: AbortSignal },
): Promise<TrackingPreview> {
  const { db } = context;
  const present = await getTracking(db, viewer, websiteId);
  const preview: TrackingPreview = { compared: 0, pages: 0, present: noCount(), given: noCount(), versions: [] };
  for await (const { page, versions } of eachRecentVersions(db, viewer, { websiteId, pageId }, BOUNDS, signal)) {
    preview.pages++;
    const byPresent = createJudge(context, page, rulesFor(present, page.url), versions[0], signal);
    const byGiven = createJudge(context, page, rulesFor(tracking, page.url), versions[0], signal);
    for (const version of versions.slice(1)) {
      const [was, is] = [await byPresent(version), await byGiven(version)];
      preview.compared++;
      count(preview.present, was.verdict);
      count(preview.given, is.verdict);
      if (preview.versions.length >= limit) continue;
      preview.versions.push({
        page: { id: page.id, url: page.url, title: page.title },
        fromVersion: is.baseline.version,
        toVersion: version.version,
        fetchedAt: version.fetchedAt,
        present: was.verdict,
        given: is.verdict,
        leftOut: findLeftOut(is.baseline, version, is.diff, rulesFor(tracking, page.url)),
      });
      await new Promise(setImmediate);
      signal?.throwIfAborted();
    }
  }
  return preview;
}

type Judged = { verdict: Verdict; baseline: StoredDocument; diff: Diff };

/** Judges a page's versions one after the other, as its visits were. */
function createJudge(
  context: { db: Db; parser: ParserPool },
  page: Page,
  rules: NoiseRules,
  first: StoredDocument | undefined,
  signal: AbortSignal | undefined,
): (version: StoredDocument) => Promise<Judged> {
  let current = first;
  const compared = (document: StoredDocument) => toCompared(context.db, page, document);
  return async (version) => {
    const baseline = current ?? version;
    const diff = await diffVersions(context, compared(baseline), compared(version), rules, signal);
    const verdict = judge(diff, rules);
    if (verdict.isTold) current = version;
    return { verdict, baseline, diff };
  };
}

function judge(diff: Diff, rules: NoiseRules): Verdict {
  if (diff.changes.length === 0) return { isTold: false, reason: "noise", summary: null };
  const { summary } = diff;
  if (isWorthTelling(diff, rules)) return { isTold: true, reason: null, summary };
  return { isTold: false, reason: summary.share < rules.minShare ? "min_share" : "trigger_text", summary };
}

/** Blocks that differ when nothing is left out, and that are none of what differs by the rules. */
function findLeftOut(before: StoredDocument, after: StoredDocument, diff: Diff, rules: NoiseRules): string[] {
  const still = new Set(diff.changes.flatMap(textsOf));
  const all = diffMarkdown(withoutNoise(before.markdown, plainRules), withoutNoise(after.markdown, plainRules));
  return all.changes
    .slice(0, MAX_LOOKED_AT)
    .map(textsOf)
    .filter((texts) => !texts.some((text) => still.has(text) || still.has(withoutNoise(text, rules))))
    .slice(0, MAX_LEFT_OUT)
    .map((texts) => (texts.at(-1) ?? "").slice(0, MAX_LENGTH).toWellFormed());
}

const plainRules = rulesFor(readTracking(), "");

function textsOf(change: Diff["changes"][number]): string[] {
  return [...("before" in change ? [change.before.text] : []), ...("after" in change ? [change.after.text] : [])];
}

const noCount = (): VerdictCount => ({ told: 0, noise: 0, minShare: 0, triggerText: 0 });

function count(counts: VerdictCount, { isTold, reason }: Verdict): void {
  if (isTold) counts.told++;
  else if (reason === "noise") counts.noise++;
  else if (reason === "min_share") counts.minShare++;
  else counts.triggerText++;
}
