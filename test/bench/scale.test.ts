import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canReach, POSTGRES } from "../testing/servers.ts";
import { createCpuShare } from "./cpu-share.ts";
import { cpuSecondsOf } from "./postgres.ts";
import { runCrawls, startSite } from "./scale-run.ts";

test.skipIf(!(await canReach(POSTGRES)))("websites of several hosts are crawled by a worker process", async () => {
  const folder = await mkdtemp(join(tmpdir(), "orbweaver-test-"));
  await using site = await startSite(2, 3, "1000-2000");
  try {
    const program = [process.execPath, join(import.meta.dir, "../../src/main.ts")];

    const run = await runCrawls({ program, folder, site, workers: 1, settings: {} });

    expect(run.pages).toBe(6);
    expect(run.workerCpuSeconds).toEqual([expect.any(Number)]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const share = createCpuShare(0.2);

test.skipIf(share === undefined)("a process gets the share of a core that it is held to", async () => {
  const child = Bun.spawn([process.execPath, "-e", "for (;;);"], { stdio: ["ignore", "ignore", "ignore"] });
  share?.hold(child.pid);
  const [before, startedAt] = [cpuSecondsOf(child.pid) ?? 0, performance.now()];
  while (performance.now() - startedAt < 500) await Bun.sleep(10);
  const used = (cpuSecondsOf(child.pid) ?? 0) - before;
  const seconds = (performance.now() - startedAt) / 1_000;
  child.kill("SIGKILL");
  await child.exited;
  share?.[Symbol.dispose]();

  // Ticks of a hundredth of a second, and the rest of a period.
  expect(used).toBeLessThanOrEqual(seconds * 0.2 + 0.05);
});
