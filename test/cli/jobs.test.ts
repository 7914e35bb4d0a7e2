import { afterAll, beforeAll, expect, test } from "bun:test";
import { basename } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { lockDataFolder } from "../../src/db/data-folder.ts";
import { enqueue } from "../../src/jobs/enqueue.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { failingJob, goodJob, SAMPLE_KINDS } from "../jobs/sample-jobs.ts";
import { openTestApp } from "../testing/apps.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";

/** Commands share a server's database with the test; an embedded one is its process's alone. */
const server = hasPostgres ? await testStores.at(-1)?.open() : undefined;
const workplace = openWorkplace();
const database = server ? { DATABASE_URL: new URL(`/${basename(server.location)}`, POSTGRES.url).href } : undefined;
const run = (...args: string[]) => workplace.run(["jobs", ...args], database);

let failed = "";
let waiting = "";
beforeAll(async () => {
  if (!server) return;
  const app = openTestApp(server, { clock: systemClock });
  failed = (await enqueue(server.db, failingJob, { crawlId: 7 })) ?? "";
  await runDueJobs(app, SAMPLE_KINDS);
  waiting = (await enqueue(server.db, goodJob, { crawlId: 8 }, { key: "host\u001b[31m" })) ?? "";
  await app.close();
});
afterAll(async () => {
  await server?.close();
  workplace.remove();
});

test.if(hasPostgres)(
  "jobs are listed, shown, cancelled, replayed and purged; queues are counted, paused and watched",
  async () => {
    const [table, lines, shown] = await Promise.all([
      run(),
      run("--state", "dead", "--kind", "failing", "--json"),
      run("show", failed),
    ]);
    const [cancelled, replayed, paused] = await Promise.all([
      run("cancel", waiting, "--json"),
      run("replay", "--queue", "crawl", "--json"),
      run("pause", "control"),
    ]);
    const watching = workplace.start(["jobs", "watch", "--json"], database);
    const purged = await run("purge", "--state", "cancelled");
    const reader = watching.stdout.getReader();
    const watched = new TextDecoder().decode((await reader.read()).value);
    watching.kill("SIGINT");

    expect(table.stdout.split("\n")).toEqual([
      expect.stringMatching(/^ID +QUEUE +KIND +STATE +TRIES +KEY +CREATED +WAITED +RAN +ERROR$/),
      expect.stringMatching(new RegExp(`^${waiting} +crawl +good +waiting +0/2 +host \\[31m `)),
      expect.stringMatching(/ crawl +failing +dead +2\/2 .*No luck with attempt 2$/),
      expect.stringMatching(new RegExp(`^${failed} +crawl +failing +failed +2/2 .*No luck with attempt 2$`)),
      "",
    ]);
    expect(JSON.parse(lines.stdout)).toMatchObject({ state: "dead", origin: { id: failed }, payload: { crawlId: 7 } });
    expect(shown.stdout).toMatch(/^id +\S+\nqueue +crawl\nkind +failing\nstate +failed\n/);
    expect(shown.stdout).toMatch(/\nfailure 1 +\S+Z No luck with attempt 1\n/);
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ id: waiting, state: "cancelled" });
    expect(JSON.parse(replayed.stdout)).toEqual({ replayed: 1, held: 0 });
    expect(purged.stdout).toBe("1 job deleted\n");
    expect(paused.stdout).toMatch(/^QUEUE +WAITING .*\ncontrol +0 +0 .*Z\n$/);
    expect(JSON.parse(watched)).toMatchObject({
      items: [{ queue: "crawl", jobs: { failed: 1 } }, { paused_at: expect.any(String) }, {}, {}, {}],
    });
    expect(await watching.exited).toBe(0);
  },
);

test("what makes no sense is told in one sentence, and while a service holds the folder the way over REST is named", async () => {
  const lock = lockDataFolder(workplace.makeFolder("data"));
  const [id, state, queues] = await Promise.all([
    workplace.run(["jobs", "show", "mine"]),
    workplace.run(["jobs", "--state", "stuck"]),
    workplace.run(["jobs", "queues"]),
  ]);
  lock.release();

  expect([id.code, state.code, queues.code]).toEqual([2, 2, 1]);
  expect(id.stderr).toStartWith("orbweaver jobs show: command-argument value 'mine' is invalid");
  expect(state.stderr).toStartWith("orbweaver jobs list: option '--state <state>' argument 'stuck' is invalid");
  expect(queues.stderr).toMatch(/is in use by process \d+ .*\/api\/v1\/jobs/);
});
