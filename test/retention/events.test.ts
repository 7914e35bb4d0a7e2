import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { channels, type DeliveryState, deliveries, events } from "../../src/db/schema/notifications.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { purgeEvents } from "../../src/retention/events.ts";
import { createManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";

const [embedded] = testStores;
const NOW = new Date("2026-06-01T00:00:00Z");
const OLD = new Date("2026-01-01T00:00:00Z");

let store: Store;

beforeAll(async () => {
  store = (await embedded?.open()) as Store;
});

afterAll(() => store.close());

async function addEvent(createdAt: Date, dispatchedAt: Date | null, states: DeliveryState[] = []): Promise<string> {
  const id = Bun.randomUUIDv7();
  const event = { id, userId: LOCAL_USER_ID, type: "channel.test" as const, payload: {}, createdAt, dispatchedAt };
  await store.db.insert(events).values(event);
  for (const state of states) {
    const timing = { mode: "immediate" as const, timeZone: "UTC", hour: 0, weekday: 1 };
    const channel = {
      userId: LOCAL_USER_ID,
      kind: "webhook" as const,
      name: "Hook",
      target: {},
      eventTypes: [],
      timing,
    };
    const [{ id: channelId = "" } = {}] = await store.db.insert(channels).values(channel).returning();
    await store.db.insert(deliveries).values({ channelId, eventId: id, state });
  }
  return id;
}

test("old events go with what was sent of them, but not what is still to be told", async () => {
  const clock = createManualClock(NOW);
  const kept = [
    await addEvent(NOW, NOW),
    await addEvent(OLD, null),
    await addEvent(OLD, OLD, ["delivered", "held"]),
    await addEvent(OLD, OLD, ["pending"]),
  ];
  await addEvent(OLD, OLD);
  await addEvent(OLD, OLD, ["delivered", "failed"]);

  const off = await purgeEvents({ db: store.db, clock, config: { EVENT_RETENTION_DAYS: 0 } });
  const purged = await purgeEvents({ db: store.db, clock, config: { EVENT_RETENTION_DAYS: 90 } });

  expect([off, purged]).toEqual([{ events: 0 }, { events: 2 }]);
  const left = await store.db.select({ id: events.id }).from(events);
  expect(left.map(({ id }) => id).toSorted()).toEqual(kept.toSorted());
  expect(await store.db.select().from(deliveries)).toHaveLength(3);
});
