import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { listCrawls } from "../../src/crawl/crawls.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { recrawl } from "../../src/schedules/recrawl-job.ts";
import { addSchedule, getSchedule, type Schedule, type ScheduleFields } from "../../src/schedules/schedules.ts";
import { addWebsite } from "../../src/websites/websites.ts";

/** What tests of schedules do with websites. @param appOf the app of the test that runs now */
export function scheduledWebsites(appOf: () => App) {
  let sites = 0;
  const addSite = () =>
    addWebsite(appOf().db, { userId: LOCAL_USER_ID, url: `https://scheduled-${sites++}.example/`, options: {} });
  return {
    addSite,
    add: async (fields: ScheduleFields = { cron: "@hourly" }) =>
      addSchedule(appOf(), LOCAL_VIEWER, (await addSite()).id, fields),
    read: ({ id }: Pick<Schedule, "id">) => getSchedule(appOf().db, LOCAL_VIEWER, id),
    work: () => runDueJobs(appOf(), [recrawl]),
    crawlsOf: ({ websiteId }: Schedule) => listCrawls(appOf().db, { viewer: LOCAL_VIEWER, websiteId, limit: 50 }),
  };
}

/** When they were due, and whether a job was made. */
export const timesOf = (firings: { dueAt: Date; jobId: string | undefined }[]) =>
  firings.map(({ dueAt, jobId }) => `${dueAt.toISOString()}${jobId ? "" : " without a job"}`);
