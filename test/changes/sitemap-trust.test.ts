import { expect, test } from "bun:test";
import {
  addEvidence,
  countSitemapEvidence,
  type DatedPage,
  isSparedByDate,
  trustsSitemap,
} from "../../src/changes/sitemap-trust.ts";

const DAY_MS = 86_400_000;
const now = new Date("2026-03-10T12:00:00Z");
const daysAgo = (days: number) => new Date(now.getTime() - days * DAY_MS);

test("dates are trusted once they have announced enough changes and missed next to none", () => {
  expect(trustsSitemap({ caught: 4, missed: 0 })).toBe(false);
  expect(trustsSitemap({ caught: 5, missed: 0 })).toBe(true);
  expect(trustsSitemap({ caught: 40, missed: 1 })).toBe(false);
  expect(trustsSitemap({ caught: 98, missed: 2 })).toBe(true);
});

test("a website that gets careless loses its trust soon, and one that mends its ways gets it back", () => {
  let trust = { caught: 5_000, missed: 0 };
  trust = addEvidence(trust, { caught: 0, missed: 1 });
  expect(trustsSitemap(trust)).toBe(false);

  for (let crawl = 0; crawl < 20; crawl++) trust = addEvidence(trust, { caught: 20, missed: 0 });
  expect(trustsSitemap(trust)).toBe(true);
  expect(trust.caught + trust.missed).toBeLessThan(250);
});

test("a change counts as caught by a newer date and as missed by an old one; without dates by neither", () => {
  const [old, young] = [daysAgo(3), daysAgo(1)];
  const evidence = countSitemapEvidence([
    { isChanged: true, sitemapModifiedAt: young, knownSitemapModifiedAt: old },
    { isChanged: true, sitemapModifiedAt: old, knownSitemapModifiedAt: old },
    { isChanged: true, sitemapModifiedAt: null, knownSitemapModifiedAt: old },
    { isChanged: true, sitemapModifiedAt: old, knownSitemapModifiedAt: null },
    { isChanged: false, sitemapModifiedAt: young, knownSitemapModifiedAt: old },
  ]);

  expect(evidence).toEqual({ caught: 1, missed: 1 });
});

/** One whose turn in the sample is not today. */
const page: DatedPage = {
  urlHash: "00000001-0000-0000-0000-000000000000",
  ...{ sitemapModifiedAt: daysAgo(5), knownSitemapModifiedAt: daysAgo(5), lastFetchedAt: daysAgo(1) },
};

test("a page is spared while its date is what it was, for 30 days at the most", () => {
  expect(isSparedByDate(page, now)).toBe(true);
  expect(isSparedByDate({ ...page, sitemapModifiedAt: daysAgo(1) }, now)).toBe(false);
  expect(isSparedByDate({ ...page, sitemapModifiedAt: null }, now)).toBe(false);
  expect(isSparedByDate({ ...page, knownSitemapModifiedAt: null }, now)).toBe(false);
  expect(isSparedByDate({ ...page, lastFetchedAt: daysAgo(30) }, now)).toBe(false);
});

test("a twentieth of the pages is looked at all the same, others each day", () => {
  const hashes = Array.from({ length: 4_000 }, (_, at) => new Bun.CryptoHasher("sha256").update(`${at}`).digest("hex"));
  const looked = (day: Date) =>
    hashes.filter((urlHash) => !isSparedByDate({ ...page, urlHash, lastFetchedAt: day }, day));

  const onDay = (day: number) => looked(new Date(now.getTime() + day * DAY_MS));
  const today = onDay(0);
  const seldom = new Set(Array.from({ length: 10 }, (_, visit) => onDay(20 * visit)).flat());

  expect(today.length / hashes.length).toBeWithin(0.03, 0.07);
  expect(onDay(0)).toEqual(today);
  // Whatever the rhythm of visits is.
  expect(seldom.size / hashes.length).toBeWithin(0.35, 0.45);
});
