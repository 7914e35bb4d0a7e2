import { DAY_SECONDS, estimateRate, type RateBelief } from "./change-rate.ts";
import type { VisitHistory } from "./visit-history.ts";

/** What is believed of a page's rate before it was ever revisited, from the pages under the same path. */
export type Prior = RateBelief & {
  /** The part of the path that those pages have in common; empty for what is believed of any website. */
  path: string;
  /** How many of them there are that were visited again. */
  pages: number;
};

export type KnownPage = {
  /** Path and query. */
  path: string;
  history: VisitHistory;
};

/** Of any website: pages differ widely, and change once in some weeks at the middle. */
const DEFAULT_PRIOR: Prior = { path: "", pages: 0, shape: 0.5, seconds: 15 * DAY_SECONDS };

/** Pages that were visited again, from which a path has a prior of its own. */
const MIN_PAGES = 10;

/** What stands deeper is under one path with its neighbours. */
const MAX_DEPTH = 4;

/** Pages that a prior is fitted to, taken evenly: more would not make it better by much. */
const MAX_FITTED = 96;

/** A path's prior begins at that of the path above it, as if so many of its pages were alike. */
const PARENT_PAGES = 2;

const ROUNDS = 4;

/** Between pages that have nothing in common, and pages so alike that one tells of all. */
const MIN_SHAPE = 0.15;
const MAX_SHAPE = 8;

/**
 * Empirical Bayes: fits a gamma distribution to the rates of the pages under each path that has enough of them.
 * @returns the prior of a page by its path: that of the nearest such path
 */
export function fitPriors(pages: Iterable<KnownPage>): (path: string) => Prior {
  const groups = new Map<string, VisitHistory[]>();
  for (const { path, history } of pages) {
    if (history.visits === 0) continue;
    for (const prefix of listPrefixes(path)) {
      const group = groups.get(prefix);
      if (group) group.push(history);
      else groups.set(prefix, [history]);
    }
  }
  const priors = new Map<string, Prior>();
  // A path stands before those under it, which begin at its prior.
  for (const prefix of [...groups.keys()].sort((one, other) => one.length - other.length)) {
    const group = groups.get(prefix) ?? [];
    if (group.length < MIN_PAGES) continue;
    const parent = findPrior(priors, listPrefixes(prefix.slice(0, -1)));
    priors.set(prefix, { ...fitPrior(sample(group), parent), path: prefix, pages: group.length });
  }
  return (path) => findPrior(priors, listPrefixes(path));
}

/** `/`, `/blog/` and `/blog/2026/` of `/blog/2026/post?page=2`. */
export function listPrefixes(path: string): string[] {
  const query = path.indexOf("?");
  const end = query === -1 ? path.length : query;
  const prefixes = [];
  for (let at = path.indexOf("/"); at !== -1 && at < end; at = path.indexOf("/", at + 1)) {
    prefixes.push(path.slice(0, at + 1));
    if (prefixes.length === MAX_DEPTH) break;
  }
  return prefixes;
}

function findPrior(priors: ReadonlyMap<string, Prior>, prefixes: string[]): Prior {
  const nearest = prefixes.findLast((prefix) => priors.has(prefix));
  return (nearest !== undefined && priors.get(nearest)) || DEFAULT_PRIOR;
}

/**
 * By expectation and maximisation: each round tells what every page's rate is under the prior, and which prior has such
 * rates come up.
 */
function fitPrior(histories: VisitHistory[], parent: RateBelief): RateBelief {
  let prior: RateBelief = parent;
  const count = histories.length + PARENT_PAGES;
  for (let round = 0; round < ROUNDS; round++) {
    let rates = PARENT_PAGES * (parent.shape / parent.seconds);
    let logs = PARENT_PAGES * expectedLog(parent);
    for (const history of histories) {
      const belief = estimateRate(history, prior);
      rates += belief.shape / belief.seconds;
      logs += expectedLog(belief);
    }
    const mean = rates / count;
    const shape = Math.min(MAX_SHAPE, Math.max(MIN_SHAPE, shapeOf(Math.log(mean) - logs / count)));
    prior = { shape, seconds: shape / mean };
  }
  return prior;
}

/** Evenly spread, and the same each time. */
function sample(histories: VisitHistory[]): VisitHistory[] {
  const step = Math.max(1, histories.length / MAX_FITTED);
  const taken: VisitHistory[] = [];
  for (let at = 0; at < histories.length; at += step) {
    const history = histories[Math.floor(at)];
    if (history) taken.push(history);
  }
  return taken;
}

const expectedLog = ({ shape, seconds }: RateBelief) => digamma(shape) - Math.log(seconds);

/** Of the gamma distribution whose mean's logarithm is above the mean of the logarithms by so much (Minka 2002, eq. 4). */
function shapeOf(gap: number): number {
  const safe = Math.max(1e-6, gap);
  return (3 - safe + Math.sqrt((safe - 3) ** 2 + 24 * safe)) / (12 * safe);
}

/** By its recurrence up to where the asymptotic series holds. */
function digamma(value: number): number {
  let sum = 0;
  let at = value;
  for (; at < 6; at++) sum -= 1 / at;
  const square = 1 / (at * at);
  return sum + Math.log(at) - 0.5 / at - square * (1 / 12 - square * (1 / 120 - square / 252));
}
