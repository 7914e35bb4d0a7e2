import { Type } from "@sinclair/typebox";
import { defineJob, Snooze } from "../jobs/kind.ts";
import { closeCrawl } from "./closing.ts";
import { readCrawl } from "./crawls.ts";
import { observePart } from "./observed-crawl.ts";

/** How long slices have to store what they have in hand, before they are looked at again. */
const BUSY_MS = 500;

/** Ends a crawl. */
export const crawlClosing = defineJob({
  name: "crawl-closing",
  about: "Ends a crawl that has nothing left to do, or has reached a limit",
  queue: "control",
  payload: Type.Object({ crawlId: Type.String() }),
  retry: { limit: 10, delaySeconds: 1, maxDelaySeconds: 60 },
  timeoutSeconds: 600,
  keepSeconds: 86_400,
  isUnique: true,
  run: async (app, { crawlId }) => {
    const crawl = await readCrawl(app.db, crawlId);
    if (!crawl) return { closed: false };
    const closed = await observePart(app.telemetry, crawl, "crawl closing", () => closeCrawl(app, crawlId));
    if (closed === "busy") return new Snooze(BUSY_MS);
    const ended = closed === "closed" ? await readCrawl(app.db, crawlId) : undefined;
    if (!ended) return { closed: false };
    const { state, activeMs } = ended;
    app.telemetry.observe("orbweaver.crawl.run.duration", { outcome: state }, activeMs / 1_000);
    return { closed: true, state };
  },
});
