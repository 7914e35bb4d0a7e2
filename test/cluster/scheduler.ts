import { openApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config/config.ts";
import type { JobKind } from "../../src/jobs/kind.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { fireDueSchedules, mendSchedules } from "../../src/schedules/firing.ts";
import { recrawl } from "../../src/schedules/recrawl-job.ts";
import { createManualClock } from "../manual-clock.ts";

// A scheduler as each instance has one, but for its clock: that is set from outside, and only then does anything happen.
const skewMs = Number(process.argv[2]);
let now = new Date();
const clock = { ...createManualClock(), now: () => now };
const app = await openApp(loadConfig({}), { clock });
app.jobs.supervise();
process.on("message", async (time: string) => {
  now = new Date(Date.parse(time) + skewMs);
  await mendSchedules(app);
  await fireDueSchedules(app);
  // A firing that is not over yet would stand for the next one, too.
  await runDueJobs(app, [recrawl as unknown as JobKind]);
  process.send?.("done");
});
process.send?.("ready");
