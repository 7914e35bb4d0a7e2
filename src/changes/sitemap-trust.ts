import type { SitemapTrust } from "../db/schema/websites.ts";
import { isInDailySample } from "./daily-sample.ts";

/** Changes that have to have been announced before dates are believed. */
const LEAST_CAUGHT = 5;
/** Of all changes, those that no date announced. */
const MOST_MISSED_SHARE = 0.02;
/** As much evidence as is kept: beyond it older counts less, so that a website may change its ways. */
const MOST_EVIDENCE = 200;
/** A page is looked at that often whatever its date says. */
const MAX_SPARED_MS = 30 * 86_400_000;
/** One of so many is looked at all the same, which is how a date that lies is found out. */
const SAMPLE_SIZE = 20;

/** Whether the dates of a website's sitemaps tell of changes so well that a page with an old one need not be fetched. */
export function trustsSitemap({ caught, missed }: SitemapTrust): boolean {
  return caught >= LEAST_CAUGHT && missed <= (caught + missed) * MOST_MISSED_SHARE;
}

/**
 * Adds what a crawl found of changes that a newer date announced, and of those that none did. While dates are trusted, one
 * that was missed stands for all those on pages that were not looked at.
 */
export function addEvidence(trust: SitemapTrust, found: SitemapTrust): SitemapTrust {
  const missed = found.missed * (trustsSitemap(trust) ? SAMPLE_SIZE : 1);
  const room = Math.max(0, MOST_EVIDENCE - found.caught - missed);
  const share = Math.min(1, room / Math.max(1, trust.caught + trust.missed));
  const kept = (before: number, more: number) => Math.round((before * share + more) * 100) / 100;
  return { caught: kept(trust.caught, found.caught), missed: kept(trust.missed, missed) };
}

export type DatedPage = {
  /** Hash of its URL, as a UUID. */
  urlHash: string;
  /** What the sitemap says now, and what it said when the page was last fetched. */
  sitemapModifiedAt: Date | null;
  knownSitemapModifiedAt: Date | null;
  lastFetchedAt: Date;
};

/**
 * Whether a page need not be fetched since its date is what it was, given that the website's dates are trusted. Of each
 * day's pages a sample is fetched all the same, and each page once in 30 days.
 */
export function isSparedByDate({ urlHash, ...page }: DatedPage, now: Date): boolean {
  const { sitemapModifiedAt, knownSitemapModifiedAt, lastFetchedAt } = page;
  if (sitemapModifiedAt === null || knownSitemapModifiedAt === null) return false;
  if (sitemapModifiedAt.getTime() > knownSitemapModifiedAt.getTime()) return false;
  if (now.getTime() - lastFetchedAt.getTime() >= MAX_SPARED_MS) return false;
  return !isInDailySample(urlHash, now, SAMPLE_SIZE);
}

/** What a page's visit says of its date: `undefined` when it did not change, or has no dates to compare. */
function weighDate(visit: {
  isChanged: boolean;
  sitemapModifiedAt: Date | null;
  knownSitemapModifiedAt: Date | null;
}): keyof SitemapTrust | undefined {
  const { isChanged, sitemapModifiedAt, knownSitemapModifiedAt } = visit;
  if (!isChanged || sitemapModifiedAt === null || knownSitemapModifiedAt === null) return undefined;
  return sitemapModifiedAt.getTime() > knownSitemapModifiedAt.getTime() ? "caught" : "missed";
}

/** Evidence of a batch of visits. */
export function countSitemapEvidence(visits: readonly Parameters<typeof weighDate>[0][]): SitemapTrust {
  const evidence = { caught: 0, missed: 0 };
  for (const visit of visits) {
    const word = weighDate(visit);
    if (word) evidence[word]++;
  }
  return evidence;
}
