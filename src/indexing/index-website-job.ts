import { Type } from "@sinclair/typebox";
import type { Db } from "../db/db.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { defineJob } from "../jobs/kind.ts";
import { buildWebsiteIndexes } from "../llms/build-indexes.ts";
import { indexWebsite } from "../passages/index-website.ts";

/** Brings all that is built from a website's pages up to them. */
export const indexWebsiteJob = defineJob({
  name: "index-website",
  about: "Brings a website's search index and llms.txt up to its pages",
  queue: "index",
  payload: Type.Object({ websiteId: Type.String() }),
  retry: { limit: 5, delaySeconds: 10, maxDelaySeconds: 600 },
  timeoutSeconds: 3_600,
  keepSeconds: 86_400,
  isUnique: true,
  run: async ({ db, clock, parser }, { websiteId }, { signal, progress }) => {
    const result = await indexWebsite({ db, clock }, websiteId, { signal, onProgress: progress });
    await buildWebsiteIndexes({ db, clock, parser }, websiteId, signal);
    return result;
  },
});

/** Has what is built from a website's pages brought up to them. Commits with the transaction. */
export async function queueIndexing(tx: Db, websiteId: string): Promise<void> {
  await enqueue(tx, indexWebsiteJob, { websiteId }, { key: websiteId });
}
