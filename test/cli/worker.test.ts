import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { basename } from "node:path";
import { eq, sql } from "drizzle-orm";
import type { Store } from "../../src/db/db.ts";
import { instances } from "../../src/db/schema/jobs.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";
import { untilServing } from "./serving.ts";

const workplace = openWorkplace();
afterAll(workplace.remove);

test("a part of the work is refused where one process holds the database", async () => {
  const [worker, api, unknown] = await Promise.all([
    workplace.run(["worker"]),
    workplace.run(["serve", "--role", "api", "--role", "scheduler", "--data", "data"]),
    workplace.run(["serve", "--role", "api,cook"]),
  ]);

  expect([worker.code, api.code, unknown.code]).toEqual([78, 78, 2]);
  expect(worker.stderr).toContain(
    "ROLE (flag): nobody else could be api, since one process alone can use the embedded",
  );
  expect(api.stderr).toContain("nobody else could be worker");
  expect(unknown.stderr).toContain("it must be of api, worker, scheduler, comma-separated");
});

describe.skipIf(!hasPostgres)("processes that share a server", () => {
  let store: Store;
  let env: Record<string, string>;
  const children: Bun.Subprocess[] = [];

  beforeAll(async () => {
    store = (await testStores.at(-1)?.open()) as Store;
    env = { DATABASE_URL: new URL(`/${basename(store.location)}`, POSTGRES.url).href };
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map(({ exited }) => exited));
    await store.close();
  });

  const start = async (args: string[], further: Record<string, string> = {}) => {
    const child = workplace.start(args, { ...env, ...further });
    children.push(child);
    return untilServing(child);
  };
  /** As an API tells of all. */
  const listOver = async (url: string) => {
    const answer = await fetch(`${url}/api/v1/instances`);
    return ((await answer.json()) as { items: Record<string, unknown>[] }).items;
  };
  const untilListed = async (count: number) => {
    while ((await store.db.$count(instances)) !== count) await Bun.sleep(10);
  };

  test("split the work, and are listed until they end, and when they die as gone", async () => {
    const [api, worker] = await Promise.all([start(["serve", "--role", "api", "--port", "0"]), start(["worker"])]);
    const second = await start(["worker"], { PORT: api.port });
    await untilListed(3);

    const all = await listOver(api.url);
    const wrong = await fetch(`${worker.url}/api/v1/instances`);
    worker.child.kill("SIGTERM");
    second.child.kill("SIGKILL");
    const codes = await Promise.all([worker.child.exited, second.child.exited]);
    const isSecond = eq(instances.pid, second.child.pid);
    await store.db
      .update(instances)
      .set({ seenAt: sql`${instances.seenAt} - interval '31 seconds'` })
      .where(isSecond);
    const [json, table] = await Promise.all([
      workplace.run(["instances", "--json"], env),
      workplace.run(["instances"], env),
    ]);

    expect(api.output).toContain("  roles     api\n  API  ");
    expect(worker.output).toMatch(/ {2}roles {5}worker, scheduler\n {2}probes {4}http:\/\/127\.0\.0\.1:\d+\/health\n/);
    const pids = [second, api, worker].map(({ child }) => child.pid);
    expect(all.map(({ pid }) => pid).toSorted()).toEqual(pids.toSorted());
    expect(all.find(({ pid }) => pid === api.child.pid)).toMatchObject({
      state: "alive",
      roles: ["api"],
      url: api.url,
    });
    expect(wrong.status).toBe(404);
    expect(codes).toEqual([0, 137]);
    const left = json.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(left).toMatchObject([
      { pid: second.child.pid, state: "gone", url: null },
      { pid: api.child.pid, state: "alive" },
    ]);
    expect(table.stdout).toMatch(/^ID +HOST +PID +ROLES +STATE +UP +SEEN +CPU +MEMORY +JOBS +URL\n/);
    expect(table.stdout).toContain(api.url);
  });
});
