import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveEndpoint } from "./served-endpoint.ts";

/** Of the whole service: the endpoint alone stands behind what looks at `Host` and `Origin`. */
const ELSEWHERE = ["dns-rebinding-protection"];

test("the endpoint passes every scenario of the protocol's conformance suite", async () => {
  const served = serveEndpoint();
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  const program = Bun.resolveSync("@modelcontextprotocol/conformance/dist/index.js", import.meta.dir);

  const command = ["bun", program, "server", "--url", served.url, "--suite", "all"];
  const child = Bun.spawn(command, { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [output] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  await served.stop();
  await rm(folder, { recursive: true });

  const results = [...Bun.stripANSI(output).matchAll(/^(.) ([\w-]+): (\d+) passed, (\d+) failed/gm)];
  const failed = results.filter(([, sign]) => sign !== "✓").map(([, , scenario]) => scenario);
  expect(results.length).toBeGreaterThanOrEqual(32);
  expect(failed).toEqual(ELSEWHERE);
}, 120_000);
