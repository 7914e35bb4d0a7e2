import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryCache, openRedisCache } from "../../src/cache.ts";
import { systemClock } from "../../src/clock.ts";
import { redisAt } from "../../src/config/redis.ts";
import { checkDisk, checkRedis, checkWork } from "../../src/health/components.ts";
import { createPulse } from "../../src/pulse.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createManualClock } from "../manual-clock.ts";
import { canReach, REDIS } from "../testing/servers.ts";

const MB = 1024 * 1024;

test("a disk is fit, nearly full or full by the bytes that are left, and skipped with a server", async () => {
  const withFree = (bytes: number) => checkDisk("data", async () => bytes).run();

  expect((await withFree(512 * MB)).state).toBe("ok");
  expect(await withFree(512 * MB - 1)).toMatchObject({
    state: "degraded",
    message: expect.stringContaining("make room"),
  });
  expect((await withFree(64 * MB)).state).toBe("degraded");
  expect((await withFree(64 * MB - 1)).state).toBe("failed");
  expect((await checkDisk(undefined).run()).state).toBe("skipped");
});

test("the real disk of a folder is asked, and a folder that has gone is no crash", async () => {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-disk-"));
  const check = checkDisk(folder);

  expect(["ok", "degraded", "failed"]).toContain((await check.run()).state);
  rmSync(folder, { recursive: true });
  await expect(check.run()).rejects.toThrow();
  expect(check.whenBroken.state).toBe("degraded");
});

/** What is known of other processes: nothing, or how many of each role there are. */
const others = (count?: number) => ({ isKnown: () => count !== undefined, live: () => count ?? 0 });

test("work is well while its pulse beats, and degraded when it stalls", async () => {
  const clock = createManualClock();
  const pulse = createPulse(clock);
  const check = checkWork("worker", pulse, others(0));

  await clock.advance(20_000);
  const quiet = await check.run();
  await clock.advance(1);
  const stalled = await check.run();
  pulse.beat();

  expect(quiet).toEqual({ state: "ok" });
  expect(stalled).toEqual({ state: "degraded", message: expect.stringContaining("not being looked for") });
  expect(await check.run()).toEqual({ state: "ok" });
});

test("work that others do is skipped, and what nobody does is worth a look as soon as that is known", async () => {
  const worker = (count?: number) => checkWork("worker", undefined, others(count)).run();

  expect((await worker()).state).toBe("skipped");
  expect((await worker(2)).state).toBe("skipped");
  expect(await worker(0)).toEqual({ state: "degraded", message: expect.stringContaining("orbweaver worker") });
  expect(await checkWork("scheduler", undefined, others(0)).run()).toMatchObject({ state: "degraded" });
});

test("without Redis there is nothing to look at", async () => {
  expect((await checkRedis(createMemoryCache(systemClock)).run()).state).toBe("skipped");
});

test.skipIf(!(await canReach(REDIS)))("Redis that answers is well, and one that does not is an error", async () => {
  const log = createLog("error", systemClock, () => {});
  const there = openRedisCache(redisAt(REDIS.url.href), { prefix: "orbweaver-test:health:", log, clock: systemClock });
  const away = openRedisCache(redisAt("redis://127.0.0.1:1/0"), {
    prefix: "orbweaver-test:health:",
    log,
    clock: systemClock,
  });

  expect(await checkRedis(there).run()).toEqual({ state: "ok" });
  await expect(checkRedis(away).run()).rejects.toThrow();
  expect(checkRedis(away).whenBroken.state).toBe("degraded");
  await Promise.all([there.close(), away.close()]);
});
