import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import type { Log } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Crawl } from "./crawls.ts";
import { describeCause, isBadValue, waitOutage } from "./outage.ts";
import { type Settled, settle } from "./settle.ts";
import type { Visit } from "./visit-result.ts";

type Context = { db: Db; clock: Clock; log: Log; telemetry: Telemetry };

const UNSTORABLE = "unstorable";

/**
 * Settles a batch through what may befall a database: an outage or a deadlock is waited out, and a page that can't be
 * stored at all fails alone, not with its batch.
 * @throws LeaseLostError, or the database's own error when it stays away for about a minute
 */
export async function storeVisits(
  context: Context,
  crawl: Crawl,
  owner: string,
  visits: Visit[],
  signal: AbortSignal,
): Promise<Settled> {
  try {
    return await context.telemetry.span("settle", { attributes: { "orbweaver.visits": visits.length } }, () =>
      waitOutage(context, signal, () => settle(context.db, crawl, owner, visits)),
    );
  } catch (error) {
    if (!isBadValue(error)) throw error;
    return storeOneByOne(context, crawl, owner, visits, signal, error);
  }
}

async function storeOneByOne(
  context: Context,
  crawl: Crawl,
  owner: string,
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
    return storeVisits(context, crawl, owner, [kept], signal);
  }
  const newHosts = new Set<string>();
  let latest = crawl;
  for (const visit of visits) {
    const settled = await storeVisits(context, crawl, owner, [visit], signal);
    for (const host of settled.newHosts) newHosts.add(host);
    latest = settled.crawl;
  }
  return { crawl: latest, newHosts: [...newHosts] };
}
