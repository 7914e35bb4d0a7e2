import { createKey, revokeKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { disableUser } from "../../src/access/standing.ts";
import { createUser } from "../../src/access/users.ts";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { startCrawl } from "../../src/crawl/crawls.ts";
import { channels, deliveries, events } from "../../src/db/schema/notifications.ts";
import { pageChanges } from "../../src/db/schema/pages.ts";
import type { Permission } from "../../src/db/schema/users.ts";
import { enqueue } from "../../src/jobs/enqueue.ts";
import { planWebsite } from "../../src/revisits/planning.ts";
import { addSchedule } from "../../src/schedules/schedules.ts";
import { addWebsite, deleteWebsite } from "../../src/websites/websites.ts";
import { goodJob } from "../jobs/sample-jobs.ts";
import { storePage } from "../pages/stored-pages.ts";

export type Rows = Awaited<ReturnType<typeof makeRows>>;

/** A user with one of everything, and the credentials of all kinds of callers. */
export async function makeRows({ db, cache, clock }: App) {
  const makeKey = async (userId: string, permissions: Permission[], expiresAt: Date | null = null) =>
    createKey(db, { maker: LOCAL_PRINCIPAL, userId, name: "a key", permissions, expiresAt }, clock.now());
  const owner = await createUser(db, { name: "Owner", email: "owner@example.com" });
  const stranger = await createUser(db, { name: "Stranger" });
  const admin = await createUser(db, { name: "Admin", role: "admin" });
  const disabled = await createUser(db, { name: "Disabled" });

  const disabledKey = await makeKey(disabled.id, ["write"]);
  await disableUser({ db, cache, clock }, disabled.id);
  const revokedKey = await makeKey(owner.id, ["write"]);
  await revokeKey({ db, cache, clock }, LOCAL_VIEWER, revokedKey.key.id);
  const expiredKey = await makeKey(owner.id, ["write"], new Date(clock.now().getTime() + 1_000));

  const viewer = { userId: owner.id, seesAll: false };
  let sites = 0;
  const addSite = () => addWebsite(db, { userId: owner.id, url: `https://site-${sites++}.example/` });
  const website = await addSite();
  const crawl = async () => startCrawl(db, { viewer, websiteId: (await addSite()).id });
  const pageId = await storePage(db, {
    websiteId: website.id,
    url: `${website.url}page`,
    body: "<h1>Title</h1><p>Text",
    markdown: "# Title\n\nText\n",
  });
  const changeId = Bun.randomUUIDv7();
  await db.insert(pageChanges).values({ id: changeId, websiteId: website.id, pageId, kind: "changed" });
  const schedule = await addSchedule({ db, clock }, viewer, website.id, { adaptive: {} });
  await planWebsite(db, website.id);
  const deletedWebsite = await addSite();
  await deleteWebsite(db, viewer, deletedWebsite.id, clock.now());
  const { channelId, deliveryId } = await makeDelivery(db, owner.id);
  return {
    ...{ channelId, deliveryId },
    ownerId: owner.id,
    websiteId: website.id,
    otherWebsiteId: (await addSite()).id,
    deletedWebsiteId: deletedWebsite.id,
    pageId,
    changeId,
    crawlIds: { toPause: (await crawl()).id, toCancel: (await crawl()).id, toWatch: (await crawl()).id },
    keyId: (await makeKey(owner.id, ["read"])).key.id,
    scheduleId: schedule.id,
    jobId: (await enqueue(db, goodJob, { crawlId: 1 })) ?? "",
    /** Who can be disabled and deleted without harm to the others. */
    spareUserId: (await createUser(db, { name: "Spare" })).id,
    keys: {
      owner: (await makeKey(owner.id, ["write"])).secret,
      reader: (await makeKey(owner.id, ["read"])).secret,
      meter: (await makeKey(owner.id, ["metrics"])).secret,
      stranger: (await makeKey(stranger.id, ["write"])).secret,
      admin: (await makeKey(admin.id, ["admin"])).secret,
      disabled: disabledKey.secret,
      revoked: revokedKey.secret,
      /** A second from now on. */
      expired: expiredKey.secret,
    },
  };
}

async function makeDelivery(db: App["db"], userId: string) {
  const timing = { mode: "immediate", timeZone: "UTC", hour: 8, weekday: 1 } as const;
  const target = { url: "https://hooks.example.com/" };
  const [channel] = await db
    .insert(channels)
    .values({ userId, kind: "webhook", name: "A hook", target, eventTypes: ["page.new"], timing })
    .returning();
  const channelId = channel?.id ?? "";
  const payload = { channel: { id: channelId, name: "A hook", kind: "webhook" } };
  const [event] = await db.insert(events).values({ userId, type: "channel.test", payload }).returning();
  const [delivery] = await db
    .insert(deliveries)
    .values({ channelId, eventId: event?.id ?? "", state: "failed" })
    .returning();
  return { channelId, deliveryId: delivery?.id ?? "" };
}
