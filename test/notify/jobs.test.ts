import { afterAll, beforeAll, expect, test } from "bun:test";
import type { App } from "../../src/app.ts";
import type { Store } from "../../src/db/db.ts";
import { lookAfter } from "../../src/jobs/look-after.ts";
import { notifyDeliver, notifyDue } from "../../src/notify/notify-jobs.ts";
import { purgeEvents } from "../../src/retention/events.ts";
import { readJobs } from "../jobs/job-app.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { startReceiver } from "./receiver.ts";
import { pageEvent, toldUser } from "./told-user.ts";

let store: Store;
let app: App;
let clock: ManualClock;
const user = toldUser(() => app);

beforeAll(async () => {
  store = await (testStores.at(-1) as (typeof testStores)[number]).open();
  clock = createManualClock("2026-01-01T12:00:00.000Z");
  app = openTestApp(store, { clock });
}, 60_000);
afterAll(async () => {
  await app.close();
  await store.close();
});

test("what is to be looked after while it is, is looked after once more a moment later", async () => {
  const channelId = Bun.randomUUIDv7();
  for (let n = 0; n < 3; n++) await lookAfter(app.db, notifyDeliver, [{ key: channelId, payload: { channelId } }]);

  const jobs = (await readJobs(app)).filter(({ data }) => JSON.stringify(data).includes(channelId));
  const startsOf = jobs.map(({ data }) => (data as { startAt?: string }).startAt);
  expect(startsOf).toEqual([undefined, "2026-01-01T12:00:01.000Z"]);
});

test("each minute finds what nobody moves on, and old events go with all that was sent of them", async () => {
  const receiver = startReceiver();
  const channel = await user.addChannel({ url: receiver.url });
  await user.tell(pageEvent(await user.addSite()));
  await store.query(`delete from ${app.jobs.namespace}.job`);
  const run = () => notifyDue.run(app, {}, { signal: new AbortController().signal } as never);

  const found = [await run(), await user.runJobs(), await run(), receiver.received.length];
  receiver.stop();
  const kept = await purgeEvents(app);
  await clock.advance(91 * 86_400_000);
  const purged = await purgeEvents(app);

  expect(found).toMatchObject([{ users: 1, channels: 0 }, undefined, { users: 0, channels: 0 }, 1]);
  expect([kept, purged, await user.readDeliveries(channel)]).toEqual([{ events: 0 }, { events: 1 }, []]);
});
