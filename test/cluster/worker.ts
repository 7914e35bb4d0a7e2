import { openApp } from "../../src/app.ts";
import { JOB_KINDS } from "../../src/background.ts";
import { systemClock } from "../../src/clock.ts";
import { loadConfig } from "../../src/config/config.ts";
import { startWorker } from "../../src/jobs/worker.ts";
import { PROBE_KINDS } from "./probe-kinds.ts";

// A worker as `orbweaver worker` starts one, that can do what tests ask for besides. Its clock is so far from the real
// time, as a machine's may be.
let skewMs = Number(process.argv[2] ?? 0);
systemClock.now = () => new Date(Date.now() + skewMs);
const app = await openApp(loadConfig({}));
const { WORKER_SLICES, WORKER_JOBS } = app.config;
const concurrency = {
  crawl: WORKER_SLICES,
  control: WORKER_JOBS,
  maintenance: WORKER_JOBS,
  index: 1,
  notify: WORKER_JOBS,
};
app.jobs.supervise();
const worker = startWorker(app, [...JOB_KINDS, ...PROBE_KINDS], concurrency);
console.log("worker started");
// Set back, or on, while it works.
process.on("SIGUSR2", () => {
  skewMs = -skewMs;
});
process.once("SIGTERM", async () => {
  await worker.stop(5_000);
  await app.close();
});
