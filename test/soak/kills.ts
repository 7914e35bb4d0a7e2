import { crawlThroughKills } from "../cluster/kills.ts";
import { expectAllOnce } from "../cluster/outcomes.ts";
import { describeSpread, describeTreatment, type Figures, inPlace, onHosts, seconds } from "./places.ts";

const PAGES = 5_000;
const KILLS = 60;

export function soakKills(binary: string): Promise<Figures> {
  return inPlace({ worker: [binary, "worker"] }, ({ cluster }) =>
    onHosts({ pages: PAGES, latencyMs: 5 }, async (web) => {
      const killed = await crawlThroughKills(cluster, web, eachSecond(KILLS), { timeoutMs: 600_000 });
      await expectAllOnce(cluster.app.db, killed.crawl, web.urls());
      return {
        "pages stored once each": `${PAGES} in ${seconds(killed.tookMs)}, through ${killed.kills.length} kills`,
        "from a kill to its hosts being asked again": describeSpread(killed.recoveryMs),
        ...describeTreatment(web, 50),
      };
    }),
  );
}

async function* eachSecond(count: number) {
  for (let n = 0; n < count; n++) {
    await Bun.sleep(1_000);
    yield;
  }
}
