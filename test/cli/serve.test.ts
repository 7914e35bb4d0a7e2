import { afterAll, beforeAll, expect, test } from "bun:test";
import { prepareDataFolder } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";
import { serve } from "./serving.ts";

const workplace = openWorkplace();
beforeAll(async () => {
  for (const name of ["data", "other"]) await prepareDataFolder(workplace.makeFolder(name), { isMigrated: true });
});
afterAll(workplace.remove);

test("the bare program serves, says where all is, and ends cleanly when it is told to", async () => {
  const { child, output, url, port } = await serve(workplace);

  const answer = await fetch(`${url}/health`);
  const healthy = await workplace.run(["health"], { PORT: port });
  const taken = await workplace.run(["serve", "--port", port, "--data", "other"], { LOG_LEVEL: "error" });
  const locked = await workplace.run(["migrate", "status", "--data", "data"]);
  child.kill("SIGTERM");

  expect(output).toMatch(/^Orbweaver \d+\.\d+\.\d+\n/);
  expect(output).toContain(`  API       ${url}/api/v1\n`);
  expect(output).toContain(`  Swagger   ${url}/swagger\n`);
  expect(output).toContain("  data      data/postgres\n");
  expect(answer.status).toBe(200);
  expect(healthy).toEqual({ code: 0, stdout: `http://127.0.0.1:${port}/health is healthy\n`, stderr: "" });
  expect(taken.code).toBe(1);
  expect(taken.stderr).toBe(
    `orbweaver: Can't listen on 127.0.0.1:${port}: it is taken: stop what listens there, or set PORT\n`,
  );
  expect(locked.code).toBe(1);
  expect(locked.stderr).toContain(`The data folder data is in use by process ${child.pid}`);
  expect(await child.exited).toBe(0);
});

test("others can reach it where it is told so, and its health is asked for at an address that stands for all", async () => {
  const undecided = await workplace.run(["serve", "--host", "0.0.0.0", "--port", "0", "--data", "other"]);
  const { child, port } = await serve(workplace, ["--data", "data", "--host", "0.0.0.0"], { AUTH: "off" });
  const alive = await workplace.run(["health"], { HOST: "0.0.0.0", PORT: port });
  const ready = await workplace.run(["health", "--ready"], { HOST: "0.0.0.0", PORT: port });

  child.kill("SIGINT");

  expect(undecided.code).not.toBe(0);
  expect(undecided.stderr).toContain("nobody has said yet who may");
  expect(alive.stdout).toBe(`http://127.0.0.1:${port}/health is healthy\n`);
  expect(ready.code).toBe(0);
  expect(ready.stdout).toContain('"status":"ok"');
  expect(await child.exited).toBe(0);
});
