import { and, eq, gt, lte, sql } from "drizzle-orm";
import { type Cache, createKept, createListeners, DELETION_KEPT_MS } from "../cache.ts";
import { type Clock, within } from "../clock.ts";
import type { Log } from "../telemetry/log.ts";
import { withoutScope } from "../telemetry/scope.ts";
import type { Store } from "./db.ts";
import type { Listening } from "./listening.ts";
import { namespaceOf } from "./namespace.ts";
import { cacheEntries } from "./schema/jobs.ts";

/** What PostgreSQL carries in one notification is shorter than 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7_999;
/** Notifications of one statement. */
const MAX_BATCH = 100;
/** No call waits longer for the database; what it can't have then is kept in memory. */
const MAX_WAIT_MS = 2_000;
/** After a failure it is left alone for so long, so that calls don't wait for it one after another. */
const PAUSE_MS = 1_000;
const SWEEP_MS = 600_000;

/**
 * What instances share where there is no Redis: values in an unlogged table, messages by NOTIFY on one channel, named as
 * the namespace. Its own messages a process hears at once and not by way of the server, so that it hears each once,
 * whatever becomes of the connection. Where nobody can listen, messages stay in the process.
 */
export function createPostgresCache(
  { db, listen }: Pick<Store, "db" | "listen">,
  { clock, log, id = Bun.randomUUIDv7() }: { clock: Clock; log: Log; id?: string },
): Cache {
  const listeners = createListeners();
  const kept = createKept({ set: write, delete: remove }, clock);
  const channelOfAll = namespaceOf(db);
  const now = () => clock.now().getTime();
  let listening: Listening | undefined;
  let isToldOfSilence = false;
  let awayUntil = 0;
  let isAway = false;
  let sweepAt = now() + SWEEP_MS;
  let outbox: string[] = [];
  let posting: Promise<void> | undefined;
  let posted = 0;

  async function write(key: string, value: string, ttlMs: number) {
    const row = { value, expiresAt: new Date(now() + Math.max(1, ttlMs)) };
    await db
      .insert(cacheEntries)
      .values({ key, ...row })
      .onConflictDoUpdate({ target: cacheEntries.key, set: row });
  }

  async function remove(key: string) {
    await db.delete(cacheEntries).where(eq(cacheEntries.key, key));
  }

  /** `undefined` when the database did not answer. */
  async function unlessAway<T>(ask: () => Promise<T>): Promise<{ answer: T } | undefined> {
    if (now() < awayUntil) return undefined;
    try {
      const answer = await within(MAX_WAIT_MS, ask(), clock);
      comeBack();
      return { answer };
    } catch {
      isAway = true;
      awayUntil = now() + PAUSE_MS;
      return undefined;
    }
  }

  function comeBack() {
    if (!isAway) return;
    [isAway, awayUntil] = [false, 0];
    void kept.bring();
  }

  function sweep() {
    if (now() < sweepAt) return;
    sweepAt = now() + SWEEP_MS;
    const expired = lte(cacheEntries.expiresAt, clock.now());
    void withoutScope(() => unlessAway(async () => db.delete(cacheEntries).where(expired)));
  }

  /** One statement after another, since those of several connections would arrive in any order. */
  async function post() {
    while (outbox.length > 0) {
      const batch = outbox.slice(0, MAX_BATCH);
      const calls = batch.map((payload) => sql`pg_notify(${channelOfAll}, ${payload})`);
      const sent = await unlessAway(async () => db.execute(sql`select ${sql.join(calls, sql`, `)}`));
      outbox = sent ? outbox.slice(batch.length) : [];
    }
  }

  function hear(payload: string) {
    const told = parseMessage(payload);
    if (!told || told.from === id) return;
    try {
      listeners.tell(told.channel, told.message);
    } catch (error) {
      log.error("message not taken", { channel: told.channel, error });
    }
  }

  function onOpen() {
    log.debug("listening to other instances");
    comeBack();
  }

  function onLost(error: unknown) {
    log.warn("other instances can't be heard for now", { error });
  }

  return {
    kind: "postgres",
    state: () => (isAway || (listening && !listening.isOpen()) ? "away" : "connected"),
    get: async (key) => {
      const change = kept.find(key);
      if (change) return change.value;
      const isKey = and(eq(cacheEntries.key, key), gt(cacheEntries.expiresAt, clock.now()));
      const found = await unlessAway(async () =>
        db.select({ value: cacheEntries.value }).from(cacheEntries).where(isKey),
      );
      return found?.answer[0]?.value ?? kept.find(key)?.value;
    },
    set: async (key, value, ttlMs) => {
      kept.forget(key);
      const isSet = await unlessAway(() => write(key, value, ttlMs));
      if (!isSet) kept.keep(key, value, ttlMs);
      sweep();
    },
    delete: async (key) => {
      kept.forget(key);
      if (!(await unlessAway(() => remove(key)))) kept.keep(key, undefined, DELETION_KEPT_MS);
    },
    publish: async (channel, message) => {
      listeners.tell(channel, message);
      if (!listen) return;
      // Equal payloads of one transaction are delivered as one, so that each has a number.
      const payload = JSON.stringify({ from: id, number: posted++, channel, message } satisfies Message);
      const bytes = Buffer.byteLength(payload);
      if (bytes > MAX_PAYLOAD_BYTES) return log.warn("message too long for other instances", { channel, bytes });
      outbox.push(payload);
      posting ??= post().finally(() => {
        posting = undefined;
      });
      await posting;
    },
    subscribe: (channel, listener) => {
      if (!listen && !isToldOfSilence) log.warn("messages stay in this process", { message: WITHOUT_LISTENING });
      isToldOfSilence = true;
      // For all who subscribe, whoever is the first.
      listening ??= withoutScope(() => listen?.(channelOfAll, { onMessage: hear, onOpen, onLost }, clock));
      return listeners.add(channel, listener).remove;
    },
    ping: async () => {
      await within(MAX_WAIT_MS, Promise.resolve(db.execute(sql`select 1`)), clock);
      comeBack();
      if (listening && !listening.isOpen()) throw new Error("Other instances can't be heard");
    },
    close: async () => {
      await posting;
      await listening?.close();
    },
  };
}

const WITHOUT_LISTENING =
  "Behind a pooler of transactions nobody can listen: what other instances do is found out by looking, within seconds. With Redis, or a DATABASE_URL past the pooler, it is told at once";

type Message = { from: string; number: number; channel: string; message: string };

/** `undefined` for what somebody else said on the channel. */
function parseMessage(payload: string): Message | undefined {
  try {
    const { from, number, channel, message } = JSON.parse(payload) as Partial<Message>;
    const isOurs = typeof from === "string" && typeof channel === "string" && typeof message === "string";
    return isOurs ? { from, number: Number(number), channel, message } : undefined;
  } catch {
    return undefined;
  }
}
