import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryCache, openRedisCache } from "../../src/cache.ts";
import { systemClock } from "../../src/clock.ts";
import { redisAt } from "../../src/config/redis.ts";
import { checkDisk, checkPulse, checkRedis } from "../../src/health/components.ts";
import { createPulse } from "../../src/health/pulse.ts";
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

test("a pulse is well while it beats, degraded when it stalls, skipped where nothing beats", async () => {
  const clock = createManualClock();
  const pulse = createPulse(clock);
  const check = checkPulse("worker", pulse, "It stalls");

  await clock.advance(20_000);
  const quiet = await check.run();
  await clock.advance(1);
  const stalled = await check.run();
  pulse.beat();

  expect(quiet).toEqual({ state: "ok" });
  expect(stalled).toEqual({ state: "degraded", message: "It stalls" });
  expect(await check.run()).toEqual({ state: "ok" });
  expect((await checkPulse("worker", undefined, "It stalls").run()).state).toBe("skipped");
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
