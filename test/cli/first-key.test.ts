import { afterAll, beforeAll, expect, test } from "bun:test";
import { prepareDataFolder } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";
import { serve } from "./serving.ts";

const workplace = openWorkplace();
beforeAll(() => prepareDataFolder(workplace.makeFolder("data")));
afterAll(workplace.remove);

test("a closed service prints a first key once, to the terminal alone, and asks everybody for one", async () => {
  const env = { AUTH: "on", LOG_FORMAT: "json" };
  const first = await serve(workplace, ["--data", "data"], env);
  const stranger = await fetch(`${first.url}/api/v1/websites`);
  first.child.kill("SIGTERM");
  const printed = await first.child.stderr.text();
  const key = /ow_live_\w+/.exec(printed)?.[0] ?? "";

  const second = await serve(workplace, ["--data", "data"], env);
  const answer = await fetch(`${second.url}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } });
  const me = await answer.json();
  second.child.kill("SIGTERM");
  const again = await second.child.stderr.text();

  expect(stranger.status).toBe(401);
  expect(printed.split("\n").filter((line) => line.includes(key))).toEqual([`    ${key}`]);
  expect(first.output).not.toContain(key);
  expect([answer.status, me]).toMatchObject([200, { key: { name: "first key" }, permissions: ["admin"] }]);
  expect(again).not.toContain("ow_live_");
  expect(await Promise.all([first.child.exited, second.child.exited])).toEqual([0, 0]);
});
