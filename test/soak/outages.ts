import { crawlThroughOutages } from "../cluster/outages.ts";
import { expectAllOnce } from "../cluster/outcomes.ts";
import { describeSpread, describeTreatment, type Figures, inPlace, onHosts } from "./places.ts";

const ROUNDS = 3;
const PAGES = 1_500;
/** Longer than a process may give no sign of life. */
const AWAY_MS = 15_000;

export function soakOutages(binary: string): Promise<Figures> {
  return inPlace({ worker: [binary, "worker"] }, async ({ cluster, database, redis }) => {
    const recoveryMs: number[] = [];
    let figures: Figures = {};
    for (let round = 0; round < ROUNDS; round++)
      await onHosts({ pages: PAGES, latencyMs: 5 }, async (web) => {
        const outages = { pages: PAGES, withoutRedisMs: 5_000, awayMs: AWAY_MS };
        const outlived = await crawlThroughOutages(cluster, web, { database, redis }, outages);
        await expectAllOnce(cluster.app.db, outlived.crawl, web.urls());
        recoveryMs.push(...outlived.recoveryMs);
        figures = describeTreatment(web, 50);
      });
    if (cluster.workers.length < 4) throw new Error(`Only ${cluster.workers.length} of 4 workers outlived it`);
    return {
      "pages stored once each": `${ROUNDS} times ${PAGES}, through ${recoveryMs.length} restarts and ${ROUNDS} times without Redis`,
      "from the database being back to new pages": describeSpread(recoveryMs),
      ...figures,
    };
  });
}
