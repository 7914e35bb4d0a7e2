import type { Clock } from "../clock.ts";
import { isBadValue } from "../db/bad-value.ts";
import type { Log } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { type ComparisonContext, compareVisits } from "./compare-visits.ts";
import type { Crawl } from "./crawls.ts";
import { describeCause, waitOutage } from "./outage.ts";
import { BaselineMovedError } from "./page-rows.ts";
import { type Outcomes, OverLimitError, type Settled, settle } from "./settle.ts";
import type { Visit } from "./visit-result.ts";

type Context = ComparisonContext & { clock: Clock; log: Log; telemetry: Telemetry };

const UNSTORABLE = "unstorable";

/**
 * Settles a batch through what may befall a database: an outage or a deadlock is waited out, and a page that can't be
 * stored at all fails alone, not with its batch. Of pages beyond the crawl's limit, which others may have come nearer to
 * meanwhile, nothing is kept.
 * @throws LeaseLostError, or the database's own error when it stays away for about a minute
 */
export async function storeVisits(
  context: Context,
  crawl: Crawl,
  visits: Visit[],
  signal: AbortSignal,
): Promise<Settled> {
  try {
    return await compareAndSettle(context, crawl, visits, signal);
  } catch (error) {
    if (error instanceof OverLimitError) return storeVisits(context, crawl, upTo(error.left, visits), signal);
    if (!isBadValue(error)) throw error;
    return storeOneByOne(context, crawl, visits, signal, error);
  }
}

/** How often pages may be brought by others between being compared and being stored. */
const MAX_COMPARISONS = 5;

async function compareAndSettle(context: Context, crawl: Crawl, visits: Visit[], signal: AbortSignal) {
  const attributes = { "orbweaver.visits": visits.length };
  for (let round = 1; ; round++) {
    const { compared, website } = await waitOutage(context, signal, () =>
      compareVisits(context, crawl, visits, { isAgain: round > 1, signal }),
    );
    try {
      return await context.telemetry.span("settle", { attributes }, () =>
        waitOutage(context, signal, () => settle(context.db, crawl, compared, website)),
      );
    } catch (error) {
      if (!(error instanceof BaselineMovedError) || round === MAX_COMPARISONS) throw error;
    }
  }
}

/** The visits without the pages beyond so many. */
function upTo(pages: number, visits: Visit[]): Visit[] {
  let left = pages;
  return visits.filter(({ outcome: { kind } }) => !PAGES.has(kind) || left-- > 0);
}

const PAGES: ReadonlySet<string> = new Set(["page", "not_modified", "spared"]);

async function storeOneByOne(
  context: Context,
  crawl: Crawl,
  visits: Visit[],
  signal: AbortSignal,
  error: unknown,
): Promise<Settled> {
  const [first, ...others] = visits;
  if (first && others.length === 0) {
    context.log.error("page can't be stored", { crawlId: crawl.id, url: first.entry.url, error: describeCause(error) });
    const { outcome, found } = first;
    const isTried = outcome.kind === "failed" && outcome.code === UNSTORABLE;
    if (isTried && found.length === 0) throw error;
    const message = "The database refused what the page holds";
    // Its links are kept, unless they are what is refused.
    const kept = {
      ...first,
      outcome: { kind: "failed", code: UNSTORABLE, message } as const,
      found: isTried ? [] : found,
    };
    return storeVisits(context, crawl, [kept], signal);
  }
  const all: Settled[] = [];
  for (const visit of visits) all.push(await storeVisits(context, all.at(-1)?.crawl ?? crawl, [visit], signal));
  return {
    crawl: all.at(-1)?.crawl ?? crawl,
    newHosts: [...new Set(all.flatMap(({ newHosts }) => newHosts))],
    outcomes: addUp(all.map(({ outcomes }) => outcomes)),
    lost: new Set(all.flatMap(({ lost }) => [...lost])),
  };
}

function addUp(all: Outcomes[]): Outcomes {
  const total: Outcomes = { created: 0, changed: 0, unchanged: 0, redirected: 0, failed: 0, skipped: 0 };
  for (const some of all) for (const name of Object.keys(total) as (keyof Outcomes)[]) total[name] += some[name];
  return total;
}
