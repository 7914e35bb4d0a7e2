import { Webhook } from "standardwebhooks";
import { type Receiver, startReceiver } from "../notify/receiver.ts";
import type { Step } from "./all.ts";
import { request } from "./api.ts";
import { ADDED_TEXT, addWebsite, CHANGED, crawlWell, serveChangingSite } from "./changing-site.ts";
import { check, inFolder, runWell, startService, until } from "./process.ts";

type Change = { id: string; page: { id: string; url: string }; kind: string };

/** What changed on a website, as the API, the feeds, a webhook and the commands tell it. */
export function changesSteps(binary: string): Step[] {
  return [
    {
      name: "what changes on a site is found, told once by webhook, and shown by the API and commands",
      run: () =>
        inFolder(async (folder) => {
          const site = await serveChangingSite();
          const receiver = startReceiver();
          const service = await startService([binary, "serve"], folder);
          const api = `${service.origin}/api/v1`;
          try {
            const id = await addWebsite(service.origin, site.origin);
            await crawlWell(service.origin, site.origin);
            const before = new Date().toISOString();
            const channel = (await request(`${api}/channels`, {
              ...{ kind: "webhook", target: { url: receiver.url }, website_id: id },
              event_types: ["page.new", "page.changed", "page.moved", "page.removed", "page.restored"],
            })) as { secret: string };
            await site.change();
            await crawlWell(service.origin, site.origin);
            const changes = ((await request(`${api}/websites/${id}/changes`)) as { items: Change[] }).items;

            checkKinds(changes.map(({ page, kind }) => [new URL(page.url).pathname, kind]));
            await checkWebhook(receiver, channel.secret);
            const changed = changes.find(({ kind }) => kind === "changed");
            await checkVersions(`${api}/pages/${changed?.page.id}`, before);
            await checkWebsite(`${api}/websites/${id}`, before);
            await checkBounds(`${api}/changes?limit=0`, "limit");
            await checkFeeds(`${api}/websites/${id}`, changes);
            checkCode(await service.stop(), service.output());
            await checkCommands(binary, folder, site.origin);
          } finally {
            await service.kill();
            receiver.stop();
            await site.stop();
          }
        }),
    },
  ];
}

function checkKinds(told: string[][]): void {
  check(Bun.deepEquals(Object.fromEntries(told), CHANGED), `these changes were found: ${JSON.stringify(told)}`);
  check(told.length === Object.keys(CHANGED).length, `a change was told twice: ${JSON.stringify(told)}`);
}

function checkCode(code: number | null, output: string): void {
  check(code === 0, `the service ended with ${code}\n${output}`);
}

/** Each change came once, and its signature is one that the specification's own library takes. */
async function checkWebhook({ received }: Receiver, secret: string): Promise<void> {
  await until("the webhook has arrived", () => received.length >= Object.keys(CHANGED).length, 10_000);
  const told = received.map(({ body, headers }) => {
    const event = new Webhook(secret).verify(body, Object.fromEntries(headers)) as WebhookEvent;
    return [new URL(event.data.page.url).pathname, event.data.change.kind];
  });
  checkKinds(told);
}

type WebhookEvent = { data: { page: { url: string }; change: { kind: string } } };

async function checkVersions(page: string, before: string): Promise<void> {
  const versions = (await request(`${page}/versions`)) as { items: { number: number }[] };
  const formats = { json: "added", diff: `+${ADDED_TEXT}`, markdown: ADDED_TEXT, html: "<ins", text: ADDED_TEXT };
  const diffs = Object.entries(formats).map(async ([format, expected]) => {
    const text = await read(`${page}/diff?format=${format}`);
    check(text.includes(expected), `the diff as ${format} is without ${expected}:\n${text.slice(0, 2_000)}`);
  });
  await Promise.all(diffs);
  const now = await read(`${page}/document?format=markdown`);
  const then = await read(`${page}/document?format=markdown&at=${before}`);

  check(versions.items.map(({ number }) => number).join() === "2,1", `versions ${JSON.stringify(versions)}`);
  check(now.includes(ADDED_TEXT) && !then.includes(ADDED_TEXT), `at ${before} it was:\n${then.slice(0, 2_000)}`);
}

async function checkWebsite(website: string, before: string): Promise<void> {
  const diff = (await request(`${website}/diff?from=${before}`)) as { counts: Record<string, number> };
  const report = await read(`${website}/diff?from=${before}&format=markdown`);
  const rules = [{ ignore_text: [ADDED_TEXT] }];
  const preview = (await request(`${website}/tracking/preview`, { tracking: { rules } })) as {
    compared: number;
    versions: { left_out: string[] }[];
  };

  for (const kind of Object.values(CHANGED)) check(diff.counts[kind] === 1, `its diff is ${JSON.stringify(diff)}`);
  check(report.includes("/fir"), `the report names no new page:\n${report}`);
  check(preview.compared === 1, `the preview compared ${JSON.stringify(preview)}`);
  check(preview.versions[0]?.left_out.includes(ADDED_TEXT) === true, `the preview says ${JSON.stringify(preview)}`);
}

/** What checks numbers goes by a class's name, which the executable shortens. */
async function checkBounds(url: string, field: string): Promise<void> {
  const response = await fetch(url);
  const text = await response.text();
  check(response.status === 400 && text.includes(`"at":"${field}"`), `${url} answered ${response.status}: ${text}`);
}

async function checkFeeds(website: string, changes: Change[]): Promise<void> {
  type Rss = { rss: { channel: { item: unknown[] } } };
  type Atom = { feed: { entry: unknown[] } };
  const rss = Bun.XML.parse(await read(`${website}/feed.rss`)) as Rss;
  const atom = Bun.XML.parse(await read(`${website}/feed.atom`)) as Atom;
  const json = (await request(`${website}/feed.json`)) as { items: unknown[] };

  for (const [name, items] of Object.entries({ rss: rss.rss.channel.item, atom: atom.feed.entry, json: json.items }))
    check(items.length === changes.length, `the feed ${name} has ${items.length} entries: ${JSON.stringify(items)}`);
}

async function checkCommands(binary: string, folder: string, origin: string): Promise<void> {
  const changes = await runWell([binary, "changes", `${origin}/`, "--since", "7d"], folder);
  const diff = await runWell([binary, "diff", `${origin}/oak`], folder);

  for (const [path, kind] of Object.entries(CHANGED))
    check(new RegExp(`${kind} .*${path}`).test(changes.stdout), `changes printed:\n${changes.stdout}`);
  check(diff.stdout.includes(`+${ADDED_TEXT}`), `diff printed:\n${diff.stdout}`);
}

async function read(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  check(response.ok, `${url} answered ${response.status}: ${text.slice(0, 2_000)}`);
  return text;
}
