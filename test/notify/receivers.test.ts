import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { eq } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import type { Config } from "../../src/config/settings.ts";
import type { Store } from "../../src/db/db.ts";
import { deliveries } from "../../src/db/schema/notifications.ts";
import type { FetchRequest } from "../../src/fetch/fetch.ts";
import { rotateSecret } from "../../src/notify/channels.ts";
import { replayDelivery, replayFailed, testChannel } from "../../src/notify/deliveries.ts";
import { createSecret } from "../../src/notify/signature.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { hang, type Receiver, startReceiver, status } from "./receiver.ts";
import { pageEvent, toldUser } from "./told-user.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const never = new AbortController().signal;

// PostgreSQL where there is one: what differs between the stores is tested with deliveries.
describe("receivers", () => {
  let store: Store;
  let app: App;
  let clock: ManualClock;
  let receiver: Receiver;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
  }, 60_000);
  beforeEach(async () => {
    receiver?.stop();
    receiver = startReceiver();
    await reopen();
    await user.clear();
  });
  afterAll(async () => {
    receiver.stop();
    await app.close();
    await store.close();
  });
  const user = toldUser(() => app);
  const reopen = async (settings: Partial<Config> = {}) => {
    await app?.close();
    clock = createManualClock("2026-01-01T12:00:00.000Z");
    app = openTestApp(store, { clock }, settings);
  };
  const tellOne = async (target: Record<string, unknown> = { url: receiver.url }) => {
    const site = await user.addSite();
    const channel = await user.addChannel(target);
    await user.tell(pageEvent(site));
    return { site, channel };
  };
  /** Moves the time on once what is asked for is under way. */
  const workUntil = async (ms: number) => {
    const work = user.work();
    while (receiver.received.length === 0 || clock.sleepers === 0) await Bun.sleep(1);
    await clock.advance(ms);
    await work;
  };

  test("one that does not answer in time has failed, and hears of the same again", async () => {
    const { channel } = await tellOne();
    receiver.answerNext(hang);

    await workUntil(10_000);
    const late = await user.readDeliveries(channel);
    await clock.advance(2 * MINUTE_MS);
    await user.work();

    expect(late).toMatchObject([
      { state: "pending", attempts: 1, lastStatus: null, lastError: "There was no answer within 10 s" },
    ]);
    expect(await user.readDeliveries(channel)).toMatchObject([{ state: "delivered", attempts: 2 }]);
    const [first, second] = receiver.received;
    expect(first?.headers.get("webhook-id")).toBe(second?.headers.get("webhook-id") ?? "");
    expect(first?.body).toBe(second?.body ?? "");
  });

  test("what fails is sent again after 1, 5, 15, 60 minutes, 6 and 24 hours, and then given up", async () => {
    const site = await user.addSite();
    const channel = await user.addChannel({ url: receiver.url });
    receiver.answerAll(status(500, {}, "no"));

    await user.tell(pageEvent(site));
    await user.work();
    const waits: number[] = [];
    for (let attempt = 1; attempt < 7; attempt++) {
      const [delivery] = await user.readDeliveries(channel);
      const waitMs = (delivery?.nextAttemptAt?.getTime() ?? 0) - clock.now().getTime();
      waits.push(waitMs / MINUTE_MS);
      await clock.advance(waitMs - 1);
      await user.work();
      await clock.advance(1);
      await user.work();
    }

    for (const [index, minutes] of [1, 5, 15, 60, 360, 1_440].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(minutes * 0.9);
      expect(waits[index]).toBeLessThanOrEqual(minutes * 1.1);
    }
    expect(new Set(receiver.received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    expect(receiver.received).toHaveLength(7);
    expect(await user.readDeliveries(channel)).toMatchObject([
      { state: "failed", attempts: 7, lastStatus: 500, lastError: "It answered 500" },
    ]);
    const attempts = await user.readAttempts(channel);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(attempts[6]).toMatchObject({ status: 500, answer: { body: "no" }, error: "It answered 500" });
  });

  test("one that answers 2xx and hangs in its body has taken the message", async () => {
    const raw = await startRaw((socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"));
    const { channel } = await tellOne({ url: raw.url });
    const headIn = Promise.withResolvers<void>();
    const { fetch } = app;
    const wantsBody = (head: { status: number; headers: Headers }, wants: FetchRequest["wantsBody"]) => {
      headIn.resolve();
      return wants?.(head) ?? true;
    };
    app = {
      ...app,
      fetch: (request) => fetch({ ...request, wantsBody: (head) => wantsBody(head, request.wantsBody) }),
    };

    const work = user.work();
    await headIn.promise;
    await clock.advance(10_000);
    await work;
    raw.stop();

    expect(await user.readDeliveries(channel)).toMatchObject([{ state: "delivered", lastStatus: 200 }]);
  });

  test("of an endless answer only the beginning is read", async () => {
    const { channel } = await tellOne();
    let sent = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        sent += 1_000_000;
        if (sent > 100_000_000) controller.close();
        else controller.enqueue(new Uint8Array(1_000_000));
      },
    });
    receiver.answerNext(() => new Response(body));

    await user.work();

    expect(await user.readDeliveries(channel)).toMatchObject([{ state: "delivered" }]);
    expect(sent).toBeLessThan(50_000_000);
  });

  test("one that closes the connection before its answer has failed; one that closes it after the status has not", async () => {
    const raw = await startRaw((socket, request) => {
      if (request === 1) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () => socket.end());
    });
    const { channel } = await tellOne({ url: raw.url });

    await user.work();
    const closed = await user.readDeliveries(channel);
    await clock.advance(2 * MINUTE_MS);
    await user.work();
    raw.stop();

    expect(closed).toMatchObject([{ state: "pending", lastStatus: null }]);
    expect(closed[0]?.lastError).toContain("closed the connection");
    expect(await user.readDeliveries(channel)).toMatchObject([{ state: "delivered", lastStatus: 200, attempts: 2 }]);
  });

  test("redirects are not followed, wherever they lead", async () => {
    const { channel } = await tellOne();
    receiver.answerNext(status(302, { location: "http://169.254.169.254/latest/meta-data" }));

    await user.work();

    const [delivery] = await user.readDeliveries(channel);
    expect(delivery).toMatchObject({ state: "pending", lastStatus: 302 });
    expect(delivery?.lastError).toBe(
      "It answered 302, to http://169.254.169.254/latest/meta-data; redirects are not followed: name the address itself",
    );
    expect(receiver.received).toHaveLength(1);
  });

  test("an address inside the network is given up at once, with the reason", async () => {
    const { channel } = await tellOne({ url: "http://10.0.0.1/hook" });

    await user.work();

    const [delivery] = await user.readDeliveries(channel);
    expect(delivery).toMatchObject({ state: "failed", attempts: 1, lastStatus: null });
    expect(delivery?.lastError).toContain("10.0.0.1 is");
    expect(delivery?.lastError).toContain("ALLOW_PRIVATE_NETWORKS");
  });

  test("one that asks for patience gets it, for all that waits", async () => {
    const site = await user.addSite();
    const channel = await user.addChannel({ url: receiver.url });
    receiver.answerAll(status(429, { "retry-after": "600" }));
    await user.tell(...Array.from({ length: 10 }, (_, page) => pageEvent(site, { page: `${page}` })));

    await user.work();
    const asked = receiver.received.length;
    receiver.answerAll(status(204));
    await clock.advance(599_000);
    await user.work();
    const early = receiver.received.length;
    await clock.advance(1_000);
    await user.work();

    expect(asked).toBeLessThanOrEqual(4);
    expect(early).toBe(asked);
    const states = (await user.readDeliveries(channel)).map(({ state }) => state);
    expect(states).toEqual(Array.from({ length: 10 }, () => "delivered"));
  });

  test("one that answers 410 is sent nothing more, and the user's other channels say so", async () => {
    const site = await user.addSite();
    const channel = await user.addChannel({ url: receiver.url });
    const other = startReceiver();
    await user.addChannel({ url: other.url }, { eventTypes: ["crawl.failed"] });
    receiver.answerAll(status(410));
    await user.tell(...["1", "2", "3"].map((title) => pageEvent(site, { title })));

    await user.work();
    await user.work();
    await user.tell(pageEvent(site));
    await user.work();
    other.stop();

    expect(receiver.received).toHaveLength(1);
    expect(await user.readChannel(channel)).toMatchObject({
      isEnabled: false,
      disabledReason: "It answered 410: it wants nothing any more",
      disabledAt: clock.now(),
    });
    const states = (await user.readDeliveries(channel)).map(({ state }) => state);
    expect(states).toEqual(["failed", "cancelled", "cancelled"]);
    expect(other.received.map(({ body }) => JSON.parse(body))).toMatchObject([
      { type: "channel.disabled", data: { channel: { id: channel.id, name: "Hook", kind: "webhook" } } },
    ]);
  });

  test("one that nothing reached for five days is disabled when enough was given up", async () => {
    const site = await user.addSite();
    // Given up at the first attempt.
    const channel = await user.addChannel({ url: "http://10.0.0.1/" });
    const giveUp = async (...pages: string[]) => {
      await user.tell(...pages.map((page) => pageEvent(site, { page })));
      await user.work();
    };

    await giveUp("1", "2", "3");
    await clock.advance(5 * DAY_MS);
    await giveUp("4");
    const during = await user.readChannel(channel);
    await giveUp("5");

    expect(during).toMatchObject({ isEnabled: true, failingSince: new Date("2026-01-01T12:00:00.000Z") });
    const disabled = await user.readChannel(channel);
    expect(disabled).toMatchObject({ isEnabled: false, disabledAt: clock.now() });
    expect(disabled.disabledReason).toStartWith("Nothing arrived since 2026-01-01T12:00:00.000Z; last: 10.0.0.1 is");
  });

  test("nothing of a secret is kept of what was sent, and long bodies are cut", async () => {
    const channel = await user.addChannel({ url: `${receiver.url}?token=very-secret-token` });
    const added = [`very-secret-token ${channel.secret}`, "x".repeat(30_000)];
    await user.tell(pageEvent(await user.addSite(), { added }));
    receiver.answerNext(status(200, { "set-cookie": "a=b", "x-echo": "very-secret-token" }, "y".repeat(10_000)));

    await user.work();

    const [attempt] = await user.readAttempts(channel);
    const kept = JSON.stringify(attempt);
    expect(kept).not.toContain("very-secret-token");
    expect(kept).not.toContain(channel.secret ?? "?");
    expect(attempt?.request).toMatchObject({
      url: `${receiver.url}?token=[redacted]`,
      headers: { "webhook-signature": "[redacted]" },
    });
    expect(String(attempt?.request.body).length).toBeLessThan(17_000);
    expect(attempt?.answer).toMatchObject({ headers: { "x-echo": "[redacted]" }, body: "y".repeat(4_096) });
    expect(attempt?.answer?.headers).not.toHaveProperty("set-cookie");
  });

  test("after a rotation both secrets sign for a day, then the new one alone", async () => {
    // The specification's library goes by the machine's clock.
    clock = createManualClock(Date.now());
    await app.close();
    app = openTestApp(store, { clock });
    const site = await user.addSite();
    const channel = await user.addChannel({ url: receiver.url });
    const [former, given] = [channel.secret ?? "", createSecret()];

    const rotated = await rotateSecret(app, LOCAL_VIEWER, channel.id, given);
    await user.tell(pageEvent(site));
    await user.work();
    await clock.advance(DAY_MS);
    await user.tell(pageEvent(site));
    await user.work();

    const [both, one] = receiver.received;
    const prove = (secret: string) =>
      new Webhook(secret).verify(both?.body ?? "", Object.fromEntries(both?.headers ?? []));
    expect(rotated.secret).toBe(given);
    expect(prove(given)).toEqual(prove(former));
    expect(both?.headers.get("webhook-signature")?.split(" ")).toHaveLength(2);
    expect(one?.headers.get("webhook-signature")?.split(" ")).toHaveLength(1);
  });

  test("a test is sent at once and tells what came back, also to a channel that is disabled", async () => {
    const channel = await user.addChannel({ url: receiver.url }, { isEnabled: false });
    receiver.answerNext(status(500, {}, "not today"));

    const failed = await testChannel(app, LOCAL_VIEWER, channel.id, never);
    const arrived = await testChannel(app, LOCAL_VIEWER, channel.id, never);

    expect(failed.delivery).toMatchObject({ state: "failed", type: "channel.test", lastStatus: 500 });
    expect(failed.attempts).toMatchObject([{ attempt: 1, status: 500, answer: { body: "not today" } }]);
    expect(arrived.delivery).toMatchObject({ state: "delivered" });
    expect(JSON.parse(receiver.received[0]?.body ?? "")).toMatchObject({
      type: "channel.test",
      data: { channel: { id: channel.id, name: "Hook" } },
    });
    expect(await user.readChannel(channel)).toMatchObject({ isEnabled: false, failingSince: null });
  });

  test("a delivery is replayed under its id, alone or with all that failed", async () => {
    const { site, channel } = await tellOne();
    await user.work();
    const [first] = await user.readDeliveries(channel);

    await replayDelivery(app, LOCAL_VIEWER, first?.id ?? "");
    await expect(replayDelivery(app, LOCAL_VIEWER, first?.id ?? "")).rejects.toThrow("on its way already");
    await user.work();
    await user.tell(pageEvent(site, { page: "b" }));
    receiver.answerNext(status(500));
    await user.work();
    await app.db.update(deliveries).set({ state: "failed" }).where(eq(deliveries.state, "pending"));
    const replayed = await replayFailed(app, LOCAL_VIEWER, channel.id);
    await user.work();

    expect(replayed).toBe(1);
    const ids = receiver.received.map(({ headers }) => headers.get("webhook-id"));
    expect(ids).toEqual([first?.eventId ?? "", first?.eventId ?? "", ids[2] ?? "", ids[2] ?? ""]);
    expect((await user.readDeliveries(channel)).map(({ state }) => state)).toEqual(["delivered", "delivered"]);
    expect((await user.readAttempts(channel)).map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2]);
  });
});

/** A server that speaks as it likes. */
function startRaw(answer: (socket: Socket, request: number) => void): Promise<{ url: string; stop(): void }> {
  let requests = 0;
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => answer(socket, ++requests));
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" ? address?.port : 0;
      resolve({ url: `http://127.0.0.1:${port}/`, stop: () => server.close() });
    }),
  );
}
