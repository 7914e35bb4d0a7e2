import type { PageState, VisitPlan } from "../db/schema/pages.ts";
import { allocateVisits, type Bounds, type Share } from "./allocation.ts";
import { changesPerDay, DAY_SECONDS, estimateRate, type RateBelief } from "./change-rate.ts";
import { fitPriors, type Prior } from "./priors.ts";
import type { VisitHistory } from "./visit-history.ts";

export type PageToPlan = {
  id: string;
  /** Path and query. */
  path: string;
  state: PageState;
  history: VisitHistory;
  lastFetchedAt: Date;
  nextVisitAt: Date | null;
  /** Between that and the visit before it. */
  intervalSeconds: number | null;
  /** A sitemap gives its date. */
  isDated: boolean;
};

export type Circumstances = Bounds & {
  /** Between visits by which a missing page is found to be gone for good. */
  confirmSeconds: number;
  /** Share of the changes that the sitemaps' dates announce, of pages that have one. */
  announcedShare: number;
};

export type PlannedVisit = { nextVisitAt: Date; plan: VisitPlan; share: Share };

/** Of the budget, at most this goes to pages that are not there. */
const ABSENT_SHARE = 0.5;

/** Pages visited together part by so much, to either side, so that they do not come due together for ever. */
const SPREAD = 0.1;

/** Those never revisited come due between this share of their interval and all of it: most were found on one day. */
const FIRST_VISIT = 0.2;

/** Blind visits are needed for what no date announces, however well dates did so far. */
const MIN_BLIND_SHARE = 0.1;

/**
 * When each page of a website is visited again, and why: from its own history, that of pages under the same path, and
 * what the budget is worth elsewhere. Pure: a plan made anew from the same rows is the same. Times that have passed mean
 * that the page is due.
 */
export function planPages(pages: readonly PageToPlan[], circumstances: Circumstances): PlannedVisit[] {
  const priorOf = fitPriors(pages.filter(({ state }) => state === "live"));
  const priors = pages.map(({ path }) => priorOf(path));
  const beliefs = pages.map(({ history }, at) => estimateRate(history, priors[at] as Prior));
  const shares = shareOut(pages, beliefs, circumstances);
  return pages.map((page, at) =>
    toVisit(page, beliefs[at] as RateBelief, priors[at] as Prior, shares[at] as Share, circumstances),
  );
}

/** Pages that are there share what those that are not leave of the budget. */
function shareOut(pages: readonly PageToPlan[], beliefs: RateBelief[], circumstances: Circumstances): Share[] {
  const { minSeconds, maxSeconds, fetchesPerDay, confirmSeconds, announcedShare } = circumstances;
  const soon = Math.min(maxSeconds, Math.max(minSeconds, confirmSeconds));
  const absent = new Map<PageState, number>([
    ["missing", soon],
    ["removed", maxSeconds],
    ["moved", maxSeconds],
  ]);
  const wanted = pages.reduce((sum, { state }) => sum + DAY_SECONDS / (absent.get(state) ?? Infinity), 0);
  const stretch = Math.max(1, wanted / (ABSENT_SHARE * fetchesPerDay));
  const isBlind = (page: PageToPlan) => !absent.has(page.state);
  const blindShare = Math.max(MIN_BLIND_SHARE, 1 - announcedShare);
  const live = pages.flatMap((page, at) => {
    const { shape, seconds } = beliefs[at] as RateBelief;
    if (!isBlind(page)) return [];
    return [{ shape, seconds: page.isDated ? seconds / blindShare : seconds }];
  });
  const allotted = allocateVisits(live, {
    minSeconds,
    maxSeconds,
    fetchesPerDay: fetchesPerDay - wanted / stretch,
  }).values();
  return pages.map(({ state }): Share => {
    const seconds = absent.get(state);
    if (seconds === undefined) return allotted.next().value as Share;
    const boundBy = stretch > 1 ? "budget" : state === "missing" && seconds > minSeconds ? "rate" : "maximum";
    return { seconds: seconds * stretch, boundBy, freshness: 1, chance: 0 };
  });
}

function toVisit(page: PageToPlan, belief: RateBelief, prior: Prior, share: Share, bounds: Bounds): PlannedVisit {
  const { history, intervalSeconds, nextVisitAt } = page;
  const most = Math.max(bounds.maxSeconds, share.seconds);
  const seconds = Math.round(Math.min(most, Math.max(bounds.minSeconds, share.seconds * spreadOf(page))));
  // A visit that was tried and failed left no other trace than the next one's time.
  const triedMs = nextVisitAt && intervalSeconds !== null ? nextVisitAt.getTime() - intervalSeconds * 1_000 : 0;
  const at = new Date(Math.max(page.lastFetchedAt.getTime(), triedMs) + seconds * 1_000);
  const plan: VisitPlan = {
    changesPerDay: changesPerDay(belief),
    certainty: belief.shape,
    visits: history.visits,
    prior: { path: prior.path, pages: prior.pages, changesPerDay: changesPerDay(prior) },
    boundBy: share.boundBy,
    intervalSeconds: seconds,
  };
  return { nextVisitAt: at, plan, share };
}

/** Whether a page is to be looked for soon: it was not there, or answered with an error. */
export function isAway({ state, status }: { state: PageState; status: number }): boolean {
  return state === "missing" || (state === "live" && status >= 400);
}

/** What was believed of a page's rate when its visit was planned. */
export function beliefOf({ changesPerDay: rate, certainty }: VisitPlan): RateBelief {
  return { shape: certainty, seconds: (certainty / rate) * DAY_SECONDS };
}

function spreadOf({ id, history, state }: PageToPlan): number {
  // The last part of a UUID (version 7) is chance.
  const chance = Number.parseInt(id.slice(-8), 16) / 0x1_0000_0000;
  if (history.visits === 0 && state === "live") return FIRST_VISIT + (1 - FIRST_VISIT) * chance;
  return 1 - SPREAD + 2 * SPREAD * chance;
}
