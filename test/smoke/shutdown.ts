import { createSite } from "../site.ts";
import { canReach, POSTGRES } from "../testing/servers.ts";
import type { Step } from "./all.ts";
import { type CrawlView, listPages, request, startCrawl, untilCompleted } from "./api.ts";
import { inDatabase } from "./database.ts";
import { check, inFolder, type Service, startService, until } from "./process.ts";

const PAGES = 200;
const CLIENTS = 4;
const PAUSE_MS = 10;
const PACE = { concurrency: 4, delay_ms: 0, sitemaps: false };

/** Whoever asks here is one client with no bounds. */
const ENVIRONMENT = { RATE_LIMIT_PER_ADDRESS: "0", RATE_LIMIT_PER_KEY: "0" };

type Round = { name: string; end: (service: Service) => Promise<number | null | undefined>; code?: number };

const ROUNDS: Round[] = [
  { name: "asked to end", end: (service) => service.stop(), code: 0 },
  { name: "killed", end: (service) => service.kill().then(() => undefined) },
];

/** Ends the service while clients write and a crawl runs, the polite way and the other. */
export function shutdownSteps(binary: string): Step[] {
  return [
    ...ROUNDS.map(
      ({ name, end, code }): Step => ({
        name: `a service ${name} under load has all that it said it stored, and goes on where it was`,
        run: () =>
          inFolder(async (folder) => {
            const site = createSite({ pages: PAGES });
            const served = site.serve({ latencyMs: 20 });
            try {
              const service = await startService([binary, "serve"], folder, ENVIRONMENT);
              const id = await startCrawl(service.origin, `${served.origin}/`, PACE);
              const load = startLoad(service.origin);
              await until("it is under load", () => served.requests.size > PAGES / 5 && load.stored.length > 50);
              const exitCode = await end(service);
              const { broken } = await load.stop();
              const again = await startService([binary, "serve"], folder, ENVIRONMENT);
              const stored = await readStored(again.origin, load.stored);
              const restartedAt = performance.now();
              const crawl = await untilCompleted(again.origin, id);
              const tookMs = performance.now() - restartedAt;
              const pages = await listPages(again.origin, id);
              await again.stop();

              check(code === undefined || exitCode === code, `it ended with ${exitCode}\n${service.output()}`);
              check(code === undefined || broken.length === 0, `${broken.length} answers broke off: ${broken[0]}`);
              const lost = load.stored.length - stored;
              check(lost === 0, `${lost} of ${load.stored.length} websites that it had answered for are gone`);
              check(crawl.state === "completed", `the crawl is ${crawl.state}: ${JSON.stringify(crawl)}`);
              const whole = pages.filter(({ status }) => status === 200).length;
              check(whole === PAGES, `${whole} pages are stored, not ${PAGES}`);
              check(tookMs < 25_000, `the crawl waited for a lease: it took ${Math.round(tookMs)} ms`);
              const twice = [...served.requests].filter(
                ([path, visits]) => visits > 1 && path !== "/robots.txt",
              ).length;
              console.log(`      ${load.stored.length} websites answered for, ${twice} pages asked for again`);
            } finally {
              await served.stop();
            }
          }),
      }),
    ),
    handOverStep(binary),
  ];
}

/** Clients that register websites one after another, each on a connection of its own. */
function startLoad(origin: string) {
  const stored: string[] = [];
  const broken: string[] = [];
  let isOver = false;
  const run = async (client: number) => {
    for (let count = 0; !isOver; count++) {
      const url = `https://example.com/${client}/${count}`;
      try {
        const response = await fetch(`${origin}/api/v1/websites`, {
          method: "POST",
          headers: { "content-type": "application/json", connection: "close" },
          body: JSON.stringify({ url }),
        });
        const text = await response.text();
        if (response.status === 201) stored.push((JSON.parse(text) as { id: string }).id);
        else broken.push(`${response.status} ${text.slice(0, 500)}`);
      } catch (error) {
        // Refused, or not taken on any more: nothing was promised.
        if (!isNotTaken(error)) broken.push(String(error));
      }
      // Without a pause four clients take all there is of two cores, and the crawl stands still.
      await Bun.sleep(PAUSE_MS);
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, client) => run(client)));
  return {
    stored,
    stop: async () => {
      isOver = true;
      await clients;
      return { broken };
    },
  };
}

const isNotTaken = (error: unknown) =>
  /^(?:ConnectionRefused|ECONNREFUSED|ECONNRESET)$/.test((error as { code?: string }).code ?? "");

async function readStored(origin: string, ids: readonly string[]): Promise<number> {
  let found = 0;
  for (const id of ids) if ((await fetch(`${origin}/api/v1/websites/${id}`)).status === 200) found++;
  return found;
}

function handOverStep(binary: string): Step {
  return {
    name: "of two services on one PostgreSQL, the one that is told to end hands its crawl to the other at once",
    run: async () => {
      if (!(await canReach(POSTGRES))) return console.log("      skipped: no PostgreSQL answers");
      const site = createSite({ pages: PAGES });
      const served = site.serve({ latencyMs: 20 });
      try {
        const work = async (folder: string, url: string) => {
          const environment = { ...ENVIRONMENT, DATABASE_URL: url };
          const first = await startService([binary, "serve"], folder, environment);
          const id = await startCrawl(first.origin, `${served.origin}/`, PACE);
          await until("the crawl runs", () => served.requests.size > PAGES / 5);
          const second = await startService([binary, "serve"], folder, environment);
          const code = await first.stop();
          const before = served.requests.size;
          const handedAt = performance.now();
          await until("the other goes on", async () => {
            const { state } = (await request(`${second.origin}/api/v1/crawls/${id}`)) as CrawlView;
            return state === "completed" || served.requests.size > before;
          });
          const handedMs = performance.now() - handedAt;
          await untilCompleted(second.origin, id);
          const pages = await listPages(second.origin, id);
          const secondCode = await second.stop();

          check(code === 0 && secondCode === 0, `they ended with ${code} and ${secondCode}\n${first.output()}`);
          check(handedMs < 10_000, `the other waited ${Math.round(handedMs)} ms`);
          const whole = pages.filter(({ status }) => status === 200).length;
          check(whole === PAGES, `${whole} pages are stored, not ${PAGES}`);
          console.log(`      handed over in ${Math.round(handedMs)} ms`);
        };
        await inDatabase((url) => inFolder((folder) => work(folder, url)));
      } finally {
        await served.stop();
      }
    },
  };
}
