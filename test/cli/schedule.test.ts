import { afterAll, beforeAll, expect, test } from "bun:test";
import { basename } from "node:path";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { listJobs } from "../../src/jobs/job-list.ts";
import { getSchedule } from "../../src/schedules/schedules.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, prepareDataFolder, testStores } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";

const workplace = openWorkplace();
/** Where there is a server the commands use it, which spares each of them to start a database. */
const server = hasPostgres ? await testStores.at(-1)?.open() : undefined;
const database = server ? { DATABASE_URL: new URL(`/${basename(server.location)}`, POSTGRES.url).href } : undefined;
const run = (...args: string[]) => workplace.run(["schedule", ...args], database);
const LONG_AGO = "0195f3e0-5c1a-7000-8000-3f6c2b1d9e10";

beforeAll(() => prepareDataFolder(workplace.makeFolder("data"), { isMigrated: true }));
afterAll(async () => {
  await server?.close();
  workplace.remove();
});

test("a schedule is made, shown, changed, run and removed", async () => {
  const rule = ["--cron", "30 2 * * MON-FRI", "--time-zone", "Europe/Berlin", "--options", '{"max_pages":5}'];
  const added = await run("add", "https://docs.example.org", ...rule, "--overlap", "queue", "--json");
  const schedule = JSON.parse(added.stdout);
  expect(schedule).toMatchObject({
    cron: "30 2 * * MON-FRI",
    time_zone: "Europe/Berlin",
    overlap: "queue",
    missed: "once",
    enabled: true,
    options: { max_pages: 5 },
    next_run_at: expect.stringMatching(/T0[01]:30:00\.000Z$/),
  });

  const [shown, listed] = await Promise.all([
    run("show", schedule.id),
    run("list", "--website", "https://docs.example.org/", "--state", "enabled"),
  ]);
  expect(shown.stdout).toStartWith(`${schedule.id}  30 2 * * MON-FRI (Europe/Berlin)  next `);
  expect(shown.stdout.match(/^ {2}\d{4}-\d\d-\d\dT02:30:00\+0[12]:00$/gm)).toHaveLength(5);
  expect(listed.stdout.split("\n")).toEqual([
    expect.stringMatching(/^ID +WEBSITE +RULE +OVERLAP +NEXT +LAST +OUTCOME$/),
    expect.stringMatching(new RegExp(`^${schedule.id} +${schedule.website_id} +30 2 .* queue .* - +-$`)),
    "",
  ]);

  const updated = await run("update", schedule.id, "--every", "6h", "--jitter", "10m", "--starts", "none");
  expect(updated.stdout).toContain(`${schedule.id}  each 21600 s  next 2`);
  expect((await run("disable", schedule.id)).stdout).toContain("disabled");
  const ran = await run("run", schedule.id);
  expect([ran.code, ran.stdout.trim()]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  if (server) {
    expect(await getSchedule(server.db, LOCAL_VIEWER, schedule.id)).toMatchObject({
      intervalSeconds: 21_600,
      jitterSeconds: 600,
      isEnabled: false,
      lastOutcome: "queued",
    });
    expect(await listJobs(server.db, { limit: 9 })).toMatchObject([{ id: ran.stdout.trim(), kind: "recrawl" }]);
  }

  expect((await run("remove", schedule.id)).stdout).toBe(`${schedule.id}  removed\n`);
});

test("a schedule may go by each page's own time", async () => {
  const bounds = ["--min-interval", "2h", "--max-interval", "7d", "--budget", "500"];
  const added = await run("add", "https://adaptive.example.org", "--adaptive", ...bounds);
  const refused = await run("add", "https://adaptive.example.org", "--min-interval", "1m");

  expect(added.stdout).toContain("  adaptive, 7200–604800 s, 500 fetches/day  next 2");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("--min-interval must be a whole number, 300–");
});

test("the service's own are listed, and run by name", async () => {
  const ran = await run("run", "purge", "--json");
  const listed = await run("list", "--system");

  expect(JSON.parse(ran.stdout)).toEqual({ job_id: expect.any(String) });
  expect(listed.stdout).toMatch(/^NAME +CRON +NEXT +LAST +SUCCEEDED +ABOUT\npurge +17 3 \* \* \* /);
});

test("a rule is tried without a database, and what is wrong is named by its flag", async () => {
  const rule = ["--cron", "30 2 * * *", "--time-zone", "Europe/Berlin", "--from", "2026-03-28T12:00:00Z"];
  const [preview, wrong, options] = await Promise.all([
    run("preview", ...rule, "--count", "2"),
    run("preview", "--cron", "61 * * * *", "--time-zone", "Nowhere"),
    run("add", LONG_AGO, "--cron", "@daily", "--options", "max_pages=5"),
  ]);

  expect(preview.stdout).toBe(
    "2026-03-29T03:00:00+02:00  2026-03-29T01:00:00.000Z\n2026-03-30T02:30:00+02:00  2026-03-30T00:30:00.000Z\n",
  );
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--cron minute 61 is not 0–59; --time-zone "Nowhere" is no time zone/),
  });
  expect(options).toMatchObject({ code: 2, stderr: expect.stringContaining("--options must be a JSON object") });
});
