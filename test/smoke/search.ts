import { startVectorEndpoint } from "../embeddings/vector-endpoint.ts";
import type { Step } from "./all.ts";
import { request } from "./api.ts";
import { addWebsite, crawlWell } from "./changing-site.ts";
import { check, inFolder, run, runWell, type Service, startService, until } from "./process.ts";
import { type SearchedSite, serveSearchedSite } from "./search-site.ts";

type Found = {
  url: string;
  title: string;
  passages: { url: string; snippet: { text: string; is_match: boolean }[] }[];
};
type Status = { passages: number; models: { state: string; embedded: number }[] };
type Answer = { items: Found[]; searched: { mode: string; corrections: unknown[] } };

/** Its last two characters are in another word beside it, too. */
const THAI = "ฐานข้อมูล";

/** What is looked for, and the page and place where it stands first. */
const KNOWN: Record<string, string> = {
  pg_advisory_lock: "/locks#functions",
  element: "/locks#functions",
  '"held by a session" -zebra': "/locks",
  advisry: "/locks",
  "strasse baum": "/de",
  全文検索: "/ja",
  [THAI]: "/th",
  "path:/gra* lang:en quinces": "/grazing",
};

/** The website's index: it is there without anybody's doing, whatever ended the program before. */
export function searchSteps(binary: string): Step[] {
  return [
    {
      name: "a crawled website is searched in all its languages, as it is and as it was, and its llms.txt keeps up",
      run: () => inFolder((folder) => withSite(binary, folder, {}, searchWebsite)),
    },
    {
      name: "vectors that a killed service was making are made by the next, and commands search its folder",
      run: () => inFolder((folder) => goOnAfterKill(binary, folder)),
    },
  ];
}

type Served = { service: Service; site: SearchedSite; id: string };

async function withSite(
  binary: string,
  folder: string,
  env: Record<string, string>,
  work: (served: Served) => Promise<void>,
): Promise<void> {
  const site = serveSearchedSite();
  const service = await startService([binary, "serve"], folder, env);
  try {
    const id = await addWebsite(service.origin, site.origin);
    await crawlWell(service.origin, site.origin);
    await work({ service, site, id });
  } finally {
    await service.kill();
    await site.stop();
  }
}

async function searchWebsite({ service, site, id }: Served): Promise<void> {
  const ask = (q: string, more: Record<string, string> = {}) => search(service.origin, q, more);
  await until("the website is indexed", async () => (await ask("orchard")).items.length > 0);
  for (const [query, place] of Object.entries(KNOWN)) {
    const [first] = (await ask(query, { mode: "text" })).items;
    const passage = first?.passages[0];
    const marked = passage?.snippet.filter(({ is_match: isMatch }) => isMatch).map(({ text }) => text) ?? [];
    check(passage?.url === site.origin + place, `${query} found ${passage?.url} in place of ${place}`);
    check(marked.length > 0, `${query} is not marked in ${JSON.stringify(passage?.snippet)}`);
    const isWhole = query !== THAI || Bun.deepEquals(marked, [THAI]);
    check(isWhole, `${query} is marked as ${marked.join(" and ")}`);
  }
  const list = `${service.origin}/api/v1/websites/${id}/llms.txt`;
  const before = await until("llms.txt is built", async () => {
    const response = await fetch(list);
    return response.ok && response;
  });
  const text = await before.text();
  check(text.includes("[Straßenbäume]"), `llms.txt is:\n${text}`);
  const etag = before.headers.get("etag") ?? "";
  const again = await fetch(list, { headers: { "if-none-match": etag } });
  check(again.status === 304, `it answered its own ETag with ${again.status}`);

  const at = new Date().toISOString();
  site.change();
  await crawlWell(service.origin, site.origin);
  await until("the change is found", async () => (await ask("giraffes")).items.length > 0);
  const former = await ask("zebras", { at });
  check(former.items[0]?.title === "Grazing", `at ${at} it found ${JSON.stringify(former.items)}`);
  check((await ask("zebras")).items.length === 0, "it still finds what is gone");
  await until("llms.txt has a second version", async () => {
    const response = await fetch(list);
    return response.headers.get("x-orbweaver-version") === "2" && (await response.text()).includes("giraffes");
  });
}

async function goOnAfterKill(binary: string, folder: string): Promise<void> {
  const endpoint = startVectorEndpoint();
  const env = { EMBEDDINGS_URL: endpoint.url, EMBEDDINGS_MODEL: "small", EMBEDDINGS_BATCH: "2" };
  try {
    // The second request is never answered: the service is killed while it waits.
    endpoint.behave = () => (endpoint.asked.length > 1 ? new Promise(() => {}) : undefined);
    await withSite(binary, folder, env, async () => {
      await until("it waits for vectors", () => endpoint.asked.length > 1);
    });
    endpoint.reset();
    const service = await startService([binary, "serve"], folder, env);
    try {
      await until("all passages have vectors", async () => {
        const { passages, models } = (await request(`${service.origin}/api/v1/embeddings`)) as Status;
        return passages > 0 && models[0]?.state === "serving" && models[0].embedded === passages;
      });
      const { items, searched } = await search(service.origin, "advisory lock", { mode: "vector" });
      check(searched.mode === "vector", `it searched by ${searched.mode}`);
      check(items[0]?.title === "Advisory locks", `by vectors it found ${JSON.stringify(items)}`);
      const { code, stderr } = await run([binary, "search", "giraffes", "--data", "data"], folder);
      check(code === 1 && stderr.includes("in use"), `search beside the service ended with ${code}: ${stderr}`);
    } finally {
      await service.stop();
    }
    const { stdout } = await runWell([binary, "search", "pg_advisory_lock", "--json", "--data", "data"], folder);
    check((JSON.parse(stdout) as Answer).items[0]?.title === "Advisory locks", `the command printed ${stdout}`);
  } finally {
    await endpoint.stop();
  }
}

async function search(origin: string, q: string, more: Record<string, string>): Promise<Answer> {
  return (await request(`${origin}/api/v1/search?${new URLSearchParams({ q, ...more })}`)) as Answer;
}
