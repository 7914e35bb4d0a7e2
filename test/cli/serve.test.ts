import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { prepareDataFolder } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";

// Each command is a process of its own, whose start takes its time on a busy machine.
setDefaultTimeout(30_000);

const workplace = openWorkplace();
beforeAll(async () => {
  for (const name of ["data", "other"]) await prepareDataFolder(workplace.makeFolder(name));
});
afterAll(workplace.remove);

/** Starts the service without a command, and reads where it is. */
async function serve(...args: string[]) {
  const child = workplace.start(["--port", "0", "--data", "data", ...args]);
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let output = "";
  while (!output.includes("  data ")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The service ended: ${output}${await child.stderr.text()}`);
    output += decoder.decode(value, { stream: true });
  }
  const url = /http:\/\/[^/]+/.exec(output)?.[0] ?? "";
  return { child, output, url, port: new URL(url).port };
}

test("the bare program serves, says where all is, and ends cleanly when it is told to", async () => {
  const { child, output, url, port } = await serve();

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

test("it warns when others can reach it", async () => {
  const { child } = await serve("--host", "0.0.0.0");

  child.kill("SIGINT");

  expect(await child.stderr.text()).toContain("warning: anyone who reaches 0.0.0.0 can use this service");
  expect(await child.exited).toBe(0);
});
