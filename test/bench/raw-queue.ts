import type { PGlite } from "@electric-sql/pglite";
import { fromPglite, PgBoss } from "pg-boss";
import { openEmbeddedStore } from "../../src/db/embedded.ts";
import {
  type BenchQueue,
  CLEAR,
  COUNT_UNFINISHED,
  JOBS_NAMESPACE,
  numbers,
  payloadOf,
  QUEUE,
  type QueueSpec,
} from "./job-queues.ts";

const POOL_SIZE = 10;

/** With the options that make most of it: whole batches taken and settled at once, and woken by the database. */
export async function openRaw({ databaseUrl, folder }: QueueSpec): Promise<BenchQueue> {
  const store = databaseUrl === undefined ? await openEmbeddedStore(folder) : undefined;
  const client = (store?.db as { $client?: PGlite } | undefined)?.$client;
  const database = client
    ? { db: fromPglite(client), backend: "pglite" as const }
    : { connectionString: databaseUrl ?? "", max: POOL_SIZE };
  const boss = new PgBoss({ ...database, schema: JOBS_NAMESPACE, schedule: false, useListenNotify: true });
  boss.on("error", (error) => process.stderr.write(`${error.message}\n`));
  await boss.start();
  await boss.createQueue(QUEUE, { heartbeatSeconds: 10, notify: true });
  const polling = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
  return {
    enqueue: async (n) => void (await boss.send(QUEUE, payloadOf(n))),
    enqueueMany: async (from, count) =>
      void (await boss.insert(
        QUEUE,
        numbers(from, count).map((n) => ({ data: payloadOf(n) })),
      )),
    work: async (limit, run) => {
      // Two that take turns: one takes jobs while those of the other are settled.
      const options = {
        ...polling,
        batchSize: Math.max(1, Math.ceil(limit / 2)),
        localConcurrency: Math.min(2, limit),
      };
      await boss.work<{ n: number }>(QUEUE, options, async (batch) => {
        await Promise.all(batch.map(({ data, signal }) => run(data.n, signal)));
      });
    },
    drain: async () => {
      for (;;) {
        const batch = await boss.fetch(QUEUE, { batchSize: 100 });
        if (batch.length === 0) return;
        await boss.complete(QUEUE, batch);
      }
    },
    countUnfinished: async () => {
      const { rows } = await boss.getDb().executeSql(COUNT_UNFINISHED, []);
      return rows[0]?.count ?? 0;
    },
    clear: async () => void (await boss.getDb().executeSql(CLEAR, [])),
    close: async () => {
      await boss.stop({ graceful: false });
      await store?.close();
    },
  };
}
