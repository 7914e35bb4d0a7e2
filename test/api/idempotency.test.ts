import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { createKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { createUser } from "../../src/access/users.ts";
import { claimAnswer } from "../../src/api/idempotent-answers.ts";
import { systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import { idempotencyKeys, LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { createManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

describe.each(testStores)("repeated requests on the $name store", ({ open }) => {
  let store: Store;
  let service: RunningService;

  beforeAll(async () => {
    store = await open();
    service = await startService(store);
  });
  afterAll(async () => {
    await service.stop();
    await store.close();
  });

  const post = (path: string, body: unknown, key: string) =>
    service.ask("POST", `/api/v1${path}`, body, { "idempotency-key": key });
  const claim = (key: string, clock = createManualClock(), requestHash = "ab".repeat(32)) =>
    claimAnswer({ db: store.db, clock }, { userId: LOCAL_USER_ID, key, requestHash, hidden: [], lockMs: 60_000 });

  test("a request that is repeated is done once, and answered as the first time", async () => {
    const website = { url: "https://once.example/" };

    const first = await post("/websites", website, "once");
    const again = await post("/websites", website, '"once"');

    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json).toEqual(first.json);
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(again.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
  });

  test("of many at once one is done, and the others hear its answer or that it is being worked", async () => {
    const ask = () => post("/crawls", { url: "https://many.example/" }, "many");

    const answers = await Promise.all(Array.from({ length: 8 }, ask));

    const isFirst = ({ status, headers }: (typeof answers)[number]) =>
      status === 202 && headers.get("idempotent-replayed") === null;
    expect(answers.filter(isFirst)).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 202) continue;
      expect([answer.status, answer.json.code]).toEqual([409, "idempotency_key_in_use"]);
      expect(answer.headers.get("retry-after")).toBe("1");
    }
    expect((await ask()).headers.get("idempotent-replayed")).toBe("true");
  });

  test("a key that was used for another request is a 422", async () => {
    await post("/websites", { url: "https://a.example/" }, "taken");

    const otherBody = await post("/websites", { url: "https://b.example/" }, "taken");
    const otherPath = await post("/crawls", { url: "https://a.example/" }, "taken");

    for (const { status, json } of [otherBody, otherPath])
      expect([status, json.code]).toEqual([422, "idempotency_key_reused"]);
  });

  test("a refusal that the request brought on itself is repeated, and a request that was not understood may be mended", async () => {
    const website = { url: "https://twice.example/" };
    await post("/websites", website, "twice-1");

    const conflict = await post("/websites", website, "twice-2");
    const repeated = await post("/websites", website, "twice-2");
    const misread = await post("/websites", { url: 7 }, "mended");
    const mended = await post("/websites", { url: "https://mended.example/" }, "mended");

    expect([conflict.status, repeated.status]).toEqual([409, 409]);
    expect(repeated.headers.get("idempotent-replayed")).toBe("true");
    expect([misread.status, mended.status]).toEqual([400, 201]);
  });

  test("the secret of an API key is shown once and kept nowhere", async () => {
    const asked = { name: "robot", permissions: ["read"] };

    const first = await post("/keys", asked, "secret");
    const again = await post("/keys", asked, "secret");

    const { key, ...shown } = first.json;
    expect(String(key)).toStartWith("ow_live_");
    expect([again.status, again.json]).toEqual([201, shown]);
    const [kept] = await store.db.select().from(idempotencyKeys).where(eq(idempotencyKeys.key, "secret"));
    expect(new TextDecoder().decode(kept?.body ?? undefined)).not.toContain(String(key));
  });

  test("a key that is none is a 400", async () => {
    for (const key of ["two words", "x".repeat(256)]) {
      const { status, json } = await post("/websites", { url: "https://c.example/" }, key);

      expect([status, json.errors]).toEqual([400, [expect.objectContaining({ at: "Idempotency-Key" })]]);
    }
  });

  test("an answer of 500 is not kept: the request may be tried again", async () => {
    const first = await claim("broken");
    if (first instanceof Response) throw new Error("The first to ask gets the claim");

    await first.keep(new Response("{}", { status: 500 }));

    expect(await claim("broken")).not.toBeInstanceOf(Response);
  });

  test("a request that died with its process is taken over after a while, and keeps nothing if it wakes up", async () => {
    const clock = createManualClock();
    const dead = await claim("dead", clock);
    if (dead instanceof Response) throw new Error("The first to ask gets the claim");

    const early = claim("dead", clock);
    await expect(early).rejects.toMatchObject({ status: 409 });
    await clock.advance(60_001);
    const heir = await claim("dead", clock);
    await dead.keep(new Response("late", { status: 201 }));
    if (heir instanceof Response) throw new Error("Nobody has answered yet");
    await heir.keep(new Response("kept", { status: 201 }));
    const replayed = await claim("dead", clock);

    expect(await (replayed as Response).text()).toBe("kept");
  });

  test("an answer is forgotten after a day", async () => {
    const clock = createManualClock();
    const first = await claim("old", clock);
    if (first instanceof Response) throw new Error("The first to ask gets the claim");
    await first.keep(new Response("{}", { status: 201 }));

    await clock.advance(24 * 3_600_000 + 1);
    const next = await claim("old", clock, "cd".repeat(32));

    expect(next).not.toBeInstanceOf(Response);
  });

  describe("by users of their own", () => {
    let closed: RunningService;
    const keyOf = async (name: string, permissions: ("read" | "write")[]) => {
      const user = await createUser(store.db, { name });
      const asked = { maker: LOCAL_PRINCIPAL, userId: user.id, name, permissions, expiresAt: null };
      return (await createKey(store.db, asked, systemClock.now())).secret;
    };
    const ask = (path: string, body: unknown, secret: string, key?: string) =>
      closed.ask("POST", `/api/v1${path}`, body, {
        authorization: `Bearer ${secret}`,
        ...(key ? { "idempotency-key": key } : {}),
      });

    beforeAll(async () => {
      closed = await startService(store, { isClosed: true, config: { AUTH: "on", MAX_CRAWLS_PER_KEY: 2 } });
    });
    afterAll(() => closed.stop());

    test("one's key is nothing to another, and repeats nothing to who may not ask", async () => {
      const [ada, ben] = [await keyOf("ada", ["write"]), await keyOf("ben", ["write"])];
      const website = { url: "https://shared.example/" };

      const first = await ask("/websites", website, ada, "same");
      const other = await ask("/websites", website, ben, "same");

      expect(other.headers.get("idempotent-replayed")).toBeNull();
      expect(other.json.id).not.toBe(first.json.id);
    });

    test("a key that may read alone is refused before anything is repeated", async () => {
      const reader = await keyOf("reader", ["read"]);

      const refused = await ask("/websites", { url: "https://r.example/" }, reader, "reader");

      expect([refused.status, refused.headers.get("idempotent-replayed")]).toEqual([403, null]);
      expect(await store.db.select().from(idempotencyKeys).where(eq(idempotencyKeys.key, "reader"))).toEqual([]);
    });

    test("a key has so many unfinished crawls and no more, however many are asked for at once", async () => {
      const [one, two] = [await keyOf("one", ["write"]), await keyOf("two", ["write"])];
      const start = (at: number) => ask("/crawls", { url: `https://crawl-${at}.example/` }, one);

      const answers = await Promise.all([1, 2, 3, 4, 5].map(start));
      const refused = answers.filter(({ status }) => status === 429);
      const begun = answers.find(({ status }) => status === 202);
      const others = await ask("/crawls", { url: "https://crawl-1.example/" }, two);
      await ask(`/crawls/${begun?.json.id}/cancel`, undefined, one);
      const next = await start(9);

      expect(refused).toHaveLength(3);
      expect(refused[0]?.json.code).toBe("too_many_crawls");
      expect(refused[0]?.headers.get("retry-after")).not.toBeNull();
      expect([others.status, next.status]).toEqual([202, 202]);
    });
  });
});
