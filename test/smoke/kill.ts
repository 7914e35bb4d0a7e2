import { createSite } from "../site.ts";
import type { Step } from "./all.ts";
import { listPages, startCrawl, untilCompleted } from "./api.ts";
import { check, inFolder, startService, until } from "./process.ts";

const PAGES = 300;
const CONCURRENCY = 4;

export function killSteps(binary: string): Step[] {
  return [
    {
      name: "a service killed three times in mid-crawl goes on by itself and loses nothing",
      run: () =>
        inFolder(async (folder) => {
          const site = createSite({ pages: PAGES });
          const served = site.serve({ latencyMs: 5 });
          try {
            let service = await startService([binary, "serve"], folder);
            const id = await startCrawl(service.origin, `${served.origin}/`, {
              concurrency: CONCURRENCY,
              delay_ms: 0,
              sitemaps: false,
            });
            for (const share of [0.2, 0.4, 0.6]) {
              await until("a part of the site is crawled", () => served.requests.size > PAGES * share);
              await service.kill();
              service = await startService([binary, "serve"], folder);
            }
            const crawl = await untilCompleted(service.origin, id);
            const pages = await listPages(service.origin, id);
            await service.stop();

            check(crawl.state === "completed", `the crawl is ${crawl.state}: ${JSON.stringify(crawl)}`);
            const stored = pages.filter(({ status }) => status === 200).map(({ url }) => url);
            const expected = Array.from({ length: PAGES }, (_, n) => served.origin + site.path(n));
            const missing = expected.filter((url) => !stored.includes(url));
            check(missing.length === 0, `${missing.length} pages are missing, such as ${missing[0]}`);
            check(stored.length === PAGES, `${stored.length} pages are stored, not ${PAGES}`);
            const again = [...served.requests].filter(([path, visits]) => visits > 1 && path !== "/robots.txt");
            console.log(`      ${again.length} pages were asked for again after three kills`);
          } finally {
            await served.stop();
          }
        }),
    },
  ];
}
