import { createSite } from "../site.ts";
import { canReach, POSTGRES } from "../testing/servers.ts";
import type { Step } from "./all.ts";
import { type CrawlView, listPages, request, startCrawl, untilCompleted } from "./api.ts";
import { inDatabase } from "./database.ts";
import { check, inFolder, type Service, startService, until } from "./process.ts";

const PAGES = 100;
const PACE = { concurrency: 4, delay_ms: 0, sitemaps: false };

/** An API that works nothing, and a worker that answers nothing: they share a database and know of each other by it. */
export function rolesSteps(binary: string): Step[] {
  return [
    {
      name: "an API and a worker as processes of their own crawl a site to its end",
      run: async () => {
        if (!(await canReach(POSTGRES))) return console.log("      skipped: no PostgreSQL answers");
        const site = createSite({ pages: PAGES });
        const served = site.serve();
        const services: Service[] = [];
        try {
          await inDatabase((url) =>
            inFolder(async (folder) => {
              const start = async (...args: string[]) => {
                const service = await startService([binary, ...args], folder, { DATABASE_URL: url });
                services.push(service);
                return service;
              };
              const api = await start("serve", "--role", "api");
              const id = await startCrawl(api.origin, `${served.origin}/`, PACE);
              await untilReady(api, "degraded");
              const waiting = (await request(`${api.origin}/api/v1/crawls/${id}`)) as CrawlView;
              const worker = await start("worker");
              const crawl = await untilCompleted(api.origin, id);
              const pages = await listPages(api.origin, id);
              const both = await listInstances(api);
              await untilReady(api, "ok");
              const wrong = await fetch(`${worker.origin}/api/v1/crawls/${id}`);
              const code = await worker.stop();
              const left = await listInstances(api);
              const apiCode = await api.stop();

              check(waiting.state === "queued", `without a worker the crawl is ${waiting.state}`);
              check(crawl.state === "completed", `the crawl is ${crawl.state}: ${JSON.stringify(crawl)}`);
              const whole = pages.filter(({ status }) => status === 200).length;
              check(whole === PAGES, `${whole} pages are stored, not ${PAGES}`);
              check(both.length === 2, `there are not two instances but ${JSON.stringify(both)}`);
              check(
                both.every(({ state }) => state === "alive"),
                JSON.stringify(both),
              );
              check(wrong.status === 404, `the worker answers ${wrong.status} to who asks it for the API`);
              check(code === 0 && apiCode === 0, `they ended with ${code} and ${apiCode}\n${worker.output()}`);
              check(left.length === 1, `what ended is still there: ${JSON.stringify(left)}`);
            }),
          );
        } finally {
          await Promise.all(services.map((service) => service.kill()));
          await served.stop();
        }
      },
    },
  ];
}

const untilReady = ({ origin }: Service, status: string) =>
  until(`the API is ${status}`, async () => {
    const report = (await request(`${origin}/health/ready`)) as { status: string };
    return report.status === status;
  });

async function listInstances({ origin }: Service): Promise<{ state: string; roles: string[] }[]> {
  return ((await request(`${origin}/api/v1/instances`)) as { items: { state: string; roles: string[] }[] }).items;
}
