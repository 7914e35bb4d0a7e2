import { Type } from "@sinclair/typebox";
import { sql } from "drizzle-orm";
import { openApp } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { rowsOf } from "../../src/db/db.ts";
import { enqueue, enqueueMany } from "../../src/jobs/enqueue.ts";
import { defineJob, type RunningJob } from "../../src/jobs/kind.ts";
import { QUEUE_NAMES, type QueueName } from "../../src/jobs/queues.ts";
import { startWorker } from "../../src/jobs/worker.ts";
import { createLog } from "../../src/telemetry/log.ts";
import {
  type BenchQueue,
  CLEAR,
  COUNT_UNFINISHED,
  numbers,
  payloadOf,
  QUEUE,
  type QueueSpec,
  type Run,
} from "./job-queues.ts";

export async function openSeam({ databaseUrl, folder, redisUrl }: QueueSpec): Promise<BenchQueue> {
  const settings = { ENVIRONMENT: "production", DATABASE_URL: databaseUrl, DATA_DIR: folder, REDIS_URL: redisUrl };
  const config = readConfig(settings);
  const app = await openApp(config, { log: createLog("error", systemClock, (line) => process.stderr.write(line)) });
  const { db, jobs } = app;
  let run: Run = async () => {};
  const kind = defineJob({
    name: "bench",
    about: "Counts",
    queue: QUEUE,
    payload: Type.Object({ n: Type.Integer(), host: Type.String() }),
    retry: { limit: 3, delaySeconds: 1, maxDelaySeconds: 10 },
    timeoutSeconds: 600,
    keepSeconds: 3_600,
    run: (_app, { n }: { n: number }, { signal }: RunningJob) => run(n, signal),
  });
  let stop = async () => {};
  return {
    enqueue: async (n) => void (await enqueue(db, kind, payloadOf(n))),
    enqueueMany: async (from, count) =>
      void (await enqueueMany(
        db,
        kind,
        numbers(from, count).map((n) => ({ payload: payloadOf(n) })),
      )),
    work: async (limit, given) => {
      run = given;
      const concurrency = Object.fromEntries(QUEUE_NAMES.map((name) => [name, name === QUEUE ? limit : 1]));
      const worker = startWorker(app, [kind], concurrency as Record<QueueName, number>);
      jobs.supervise();
      stop = () => worker.stop(0);
    },
    countUnfinished: async () => {
      const [row] = rowsOf<{ count: number }>(await db.execute(sql.raw(COUNT_UNFINISHED)));
      return row?.count ?? 0;
    },
    clear: async () => void (await db.execute(sql.raw(CLEAR))),
    close: async () => {
      await stop();
      await app.close();
    },
  };
}
