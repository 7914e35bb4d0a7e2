import { expect, test } from "bun:test";
import type { Sql } from "postgres";
import { keepListening, type OpenSession } from "../../src/db/listening.ts";
import { createManualClock } from "../manual-clock.ts";

/** Clients of a server that answers as `answer` says; `told` is the way to the last of them. */
function createServer(answer: (statement: string) => Promise<unknown>) {
  const sessions: Parameters<OpenSession>[0][] = [];
  const open: OpenSession = (told) => {
    sessions.push(told);
    const client = (text: string | TemplateStringsArray) =>
      typeof text === "string" ? text : answer(text.join("").trim());
    return Object.assign(client, { end: async () => {} }) as unknown as Sql;
  };
  return { open, sessions };
}

function createHearing() {
  const events: string[] = [];
  const hearing = {
    onMessage: (payload: string) => events.push(payload),
    onOpen: () => events.push("opened"),
    onLost: (error: unknown) => events.push(`lost: ${(error as Error).message}`),
  };
  return { events, hearing };
}

test("a connection that gives no sign of life is given up for another", async () => {
  const clock = createManualClock();
  let isDead = false;
  const { open, sessions } = createServer(() => (isDead ? new Promise(() => {}) : Promise.resolve()));
  const { events, hearing } = createHearing();
  const listening = keepListening("news", hearing, clock, open);

  await clock.advance(60_000);
  const before = [...events];
  isDead = true;
  await clock.advance(20_000);
  isDead = false;
  await clock.advance(1_000);
  sessions.at(-1)?.onMessage("news", "hello");
  sessions.at(-1)?.onMessage("other", "not ours");

  expect(before).toEqual(["opened"]);
  expect(events).toEqual(["opened", "lost: There was no answer within 5000 ms", "opened", "hello"]);
  expect(sessions).toHaveLength(2);
  expect(listening.isOpen()).toBe(true);
  await listening.close();
  expect(listening.isOpen()).toBe(false);
});

test("a server that refuses is tried again and again, and its loss is told once", async () => {
  const clock = createManualClock();
  let isThere = false;
  const { open, sessions } = createServer(async () => {
    if (!isThere) throw new Error("refused");
  });
  const { events, hearing } = createHearing();
  const listening = keepListening("news", hearing, clock, open);

  await clock.advance(20_000);
  const tries = sessions.length;
  isThere = true;
  await clock.advance(2_000);
  sessions.at(-1)?.onClose();
  await clock.advance(2_000);

  expect(tries).toBeWithin(10, 25);
  expect(events).toEqual(["lost: refused", "opened", "lost: The connection was closed", "opened"]);
  await listening.close();
});
