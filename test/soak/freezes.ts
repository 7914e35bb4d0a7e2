import { expect } from "bun:test";
import { crawlThroughFreeze } from "../cluster/freeze.ts";
import { expectAllOnce, listFetchers } from "../cluster/outcomes.ts";
import { describeSpread, describeTreatment, type Figures, inPlace, onHosts } from "./places.ts";

const ROUNDS = 5;
const PAGES = 800;

export function soakFreezes(binary: string): Promise<Figures> {
  return inPlace({ worker: [binary, "worker"] }, async ({ cluster }) => {
    const takenOverMs: number[] = [];
    let refused = 0;
    let figures: Figures = {};
    for (let round = 0; round < ROUNDS; round++)
      await onHosts({ pages: PAGES, latencyMs: 100 }, async (web) => {
        const { crawl, frozen, overtaken, ...times } = await crawlThroughFreeze(cluster, web);
        await expectAllOnce(cluster.app.db, crawl, web.urls());
        const fetchers = await listFetchers(cluster.app.db, crawl);
        for (const url of overtaken) expect(fetchers.get(url)).not.toBe(frozen.name);
        refused += overtaken.length;
        takenOverMs.push(times.takenOverMs);
        figures = describeTreatment(web, 50);
      });
    return {
      "workers that stood still": ROUNDS,
      "late results, all refused": refused,
      "until others had its hosts": describeSpread(takenOverMs),
      ...figures,
    };
  });
}
