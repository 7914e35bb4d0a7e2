import { Type } from "@sinclair/typebox";
import { defineJob } from "../jobs/kind.ts";
import { readCrawl } from "./crawls.ts";
import { observePart } from "./observed-crawl.ts";
import { seedFrontier } from "./seeding.ts";
import { isEnding, isRunning, queueClosing } from "./slices.ts";

/** Adds what a crawl should visit besides its start URLs: pages known from before, and what sitemaps name. */
export const crawlSeeding = defineJob({
  name: "crawl-seeding",
  about: "Reads a website's sitemaps and known pages into a crawl",
  queue: "control",
  payload: Type.Object({ crawlId: Type.String() }),
  retry: { limit: 10, delaySeconds: 2, maxDelaySeconds: 300 },
  timeoutSeconds: 3_600,
  keepSeconds: 86_400,
  isUnique: true,
  run: async (app, { crawlId }, job) => {
    const crawl = await readCrawl(app.db, crawlId);
    if (!crawl || !isRunning(crawl)) return { seeded: false };
    await observePart(app.telemetry, crawl, "crawl seeding", async () => {
      const { session, leave } = app.sessions.join(app, crawl);
      try {
        await seedFrontier(session, AbortSignal.any([session.stopping, job.signal]));
      } catch (error) {
        if (!session.isStopping) throw error;
      } finally {
        await leave();
      }
    });
    job.signal.throwIfAborted();
    const seeded = await app.db.transaction(async (tx) => {
      const latest = await readCrawl(tx, crawlId);
      if (latest && (await isEnding(tx, latest))) await queueClosing(tx, crawlId);
      return latest?.isSeeded ?? false;
    });
    return { seeded };
  },
});
