import { afterAll, beforeAll, expect, test } from "bun:test";
import { basename } from "node:path";
import { startReceiver, status } from "../notify/receiver.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, prepareDataFolder, testStores } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";

const workplace = openWorkplace();
/** Where there is a server the commands use it, which spares each of them to start a database. */
const server = hasPostgres ? await testStores.at(-1)?.open() : undefined;
const database: Record<string, string> = server
  ? { DATABASE_URL: new URL(`/${basename(server.location)}`, POSTGRES.url).href }
  : {};
const receiver = startReceiver();
const run = (...args: string[]) =>
  workplace.run(["channels", ...args], { ...database, ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8" });

beforeAll(() => prepareDataFolder(workplace.makeFolder("data"), { isMigrated: true }));
afterAll(async () => {
  receiver.stop();
  await server?.close();
  workplace.remove();
});

test("a channel is made, tested, listed and removed", async () => {
  const flags = ["--website", "https://docs.example.org", "--types", "page.new,page.removed", "--mode", "daily"];
  const added = await run("add", "webhook", `${receiver.url}?token=very-secret`, ...flags, "--hour", "7", "--json");
  const channel = JSON.parse(added.stdout);
  receiver.answerNext(status(500, {}, "not today"));
  const failed = await run("test", channel.id);
  const [arrived, listed] = await Promise.all([run("test", channel.id), run("list")]);
  const deliveries = await run("deliveries", channel.id, "--json");
  const removed = await run("remove", channel.id);

  expect(channel).toMatchObject({
    ...{ kind: "webhook", event_types: ["page.new", "page.removed"], timing: { mode: "daily", hour: 7 } },
    ...{ target: { url: `${receiver.url}?token=[redacted]` }, secret: expect.stringMatching(/^whsec_/) },
  });
  expect([failed.code, failed.stderr]).toEqual([1, "It answered 500\n"]);
  expect(failed.stdout).toMatch(/^failed {2}500 {2}\d+ ms\nnot today\n$/);
  expect([arrived.code, arrived.stdout]).toEqual([0, expect.stringMatching(/^delivered {2}204 {2}\d+ ms\n$/)]);
  expect(listed.stdout.split("\n")[1]).toMatch(
    new RegExp(`^${channel.id} +webhook +webhook +127.0.0.1.* daily +enabled$`),
  );
  const states = deliveries.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).state);
  expect(states).toEqual(["delivered", "failed"]);
  expect(removed.stdout).toBe(`${channel.id}  removed\n`);
});

test("what can't be is told by one sentence", async () => {
  const [kind, target, types] = await Promise.all([
    run("add", "pigeon", "https://hooks.example.com/"),
    run("add", "webhook", "http://10.0.0.1/"),
    run("add", "webhook", "https://hooks.example.com/", "--types", "page.eaten"),
  ]);

  expect([kind.code, target.code, types.code]).toEqual([2, 2, 2]);
  expect(kind.stderr).toContain("it must be one of webhook, email, slack, discord, teams, ntfy");
  expect(target.stderr).toContain("10.0.0.1 is a private address");
  expect(types.stderr).toContain("--types must be some of page.new");
});
