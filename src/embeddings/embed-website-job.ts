import { Type } from "@sinclair/typebox";
import type { Db } from "../db/db.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { defineJob, Snooze } from "../jobs/kind.ts";
import { embedWebsite } from "./embed-website.ts";
import { findUnembedded } from "./embedding-status.ts";
import { claimModel, listModels, serveWhenReady } from "./models.ts";
import { dropVectors, openVectorTable } from "./vector-table.ts";

/** Makes vectors of what a website says. */
export const embedWebsiteJob = defineJob({
  name: "embed-website",
  about: "Makes vectors of a website's passages, for searches by meaning",
  queue: "index",
  payload: Type.Object({ websiteId: Type.String() }),
  retry: { limit: 5, delaySeconds: 10, maxDelaySeconds: 600 },
  timeoutSeconds: 3_600,
  keepSeconds: 86_400,
  isUnique: true,
  run: async ({ db, store, clock, log, embedder }, { websiteId }, { signal, progress }) => {
    if (!embedder) return { reason: "No endpoint is set that makes vectors" };
    const context = { db, kind: store.kind, clock, log, embedder };
    const { laterMs, ...result } = await embedWebsite(context, websiteId, { signal, onProgress: progress });
    return laterMs === undefined ? result : new Snooze(laterMs);
  },
});

/** After what makes passages: they are searched by their words meanwhile. */
const PRIORITY = -1;

/**
 * Has the passages of a website embedded that are not yet. Commits with the transaction. To be called where there is an
 * embedder; without one the job finds nothing to do.
 */
export async function queueEmbedding(tx: Db, websiteId: string): Promise<void> {
  await enqueue(tx, embedWebsiteJob, { websiteId }, { key: websiteId, priority: PRIORITY });
}

/** Vectors that one statement deletes. */
const DROP_BATCH = 5_000;

/**
 * Finds websites that lack vectors, as all do after the settings named another model, and clears away those of models
 * that are of no use any more.
 */
export const embedMissing = defineJob({
  name: "embed-missing",
  about: "Finds websites that lack vectors, and deletes those of former models",
  queue: "maintenance",
  payload: Type.Object({}),
  retry: { limit: 0, delaySeconds: 1, maxDelaySeconds: 1 },
  timeoutSeconds: 600,
  keepSeconds: 3_600,
  isUnique: true,
  run: async ({ db, clock, embedder }, _payload, { signal }) => {
    if (!embedder || !(await openVectorTable(db, clock))) return { websites: 0 };
    const model = await claimModel(db, embedder);
    const websiteIds = await findUnembedded(db, model);
    for (const websiteId of websiteIds) await queueEmbedding(db, websiteId);
    if (model.dimensions > 0 && model.state === "building") await serveWhenReady(db, model);
    for (const former of await listModels(db)) {
      if (former.state !== "retired") continue;
      while (await dropVectors(db, former, DROP_BATCH)) signal.throwIfAborted();
    }
    return { websites: websiteIds.length };
  },
});
