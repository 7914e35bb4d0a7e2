import { Type } from "@sinclair/typebox";
import type { App } from "../../src/app.ts";
import { defineJob, type JobKind, PermanentError } from "../../src/jobs/kind.ts";

const retry = { limit: 1, delaySeconds: 0, maxDelaySeconds: 60 };
const common = { payload: Type.Object({ crawlId: Type.Integer() }), timeoutSeconds: 60, keepSeconds: 86_400, retry };

/** Brings what it was given. */
export const goodJob = defineJob({
  ...{ ...common, name: "good", about: "Does well", queue: "crawl" },
  run: async (_app: App, { crawlId }, job) => {
    job.progress({ done: crawlId });
    return { crawlId };
  },
});

/** Fails each of its two attempts, in its own words. */
export const failingJob = defineJob({
  ...{ ...common, name: "failing", about: "Fails", queue: "crawl" },
  run: async (_app: App, _payload, job) => {
    throw new Error(`No luck with attempt ${job.attempt}`);
  },
});

/** Of which there is one of a key; goes to the dead letters at once. */
export const uniqueJob = defineJob({
  ...{ ...common, name: "unique", about: "Is alone", queue: "control", isUnique: true },
  run: async () => {
    throw new PermanentError("Nothing to be done");
  },
});

export const SAMPLE_KINDS: readonly JobKind[] = [goodJob, failingJob, uniqueJob] as unknown as JobKind[];
