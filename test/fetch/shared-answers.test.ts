import { expect, test } from "bun:test";
import { type Cache, createMemoryCache } from "../../src/cache.ts";
import { createAddressPolicy } from "../../src/fetch/address-policy.ts";
import { createResolver } from "../../src/fetch/resolve.ts";
import { createManualClock } from "../manual-clock.ts";
import { failureOf, openNetwork } from "./network.ts";

/** Two instances that share a cache; each counts how often it asks a name server. */
function openInstances() {
  const clock = createManualClock();
  const shared = createMemoryCache(clock);
  const asked: [number, number] = [0, 0];
  const open = (which: 0 | 1, lookup: () => string[]) =>
    createResolver({
      ...{ clock, shared },
      lookup: async () => {
        asked[which]++;
        return lookup();
      },
    });
  return { clock, shared, asked, open };
}

test("what one instance found the others need not ask for, and it gets no older by that", async () => {
  const { clock, asked, open } = openInstances();
  const [first, second] = [open(0, () => ["192.0.2.1", "2001:db8::1"]), open(1, () => ["192.0.2.2"])];

  await first.resolve("a.test");
  await clock.advance(59_000);
  const shared = await second.resolve("a.test");
  await clock.advance(1_000);
  const own = await second.resolve("a.test");

  expect(shared).toEqual(["192.0.2.1", "2001:db8::1"]);
  expect(own).toEqual(["192.0.2.2"]);
  expect(asked).toEqual([1, 1]);
});

test("that a name was not found is for each to find out", async () => {
  const { shared, asked, open } = openInstances();
  const [first, second] = [open(0, () => []), open(1, () => ["192.0.2.2"])];

  const failure = await Promise.resolve(first.resolve("a.test")).catch((error: unknown) => error);

  expect(failure).toMatchObject({ code: "dns" });
  expect(await shared.get("dns:a.test")).toBeUndefined();
  expect(await second.resolve("a.test")).toEqual(["192.0.2.2"]);
  expect(asked).toEqual([1, 1]);
});

test("what is no answer is not taken for one", async () => {
  const { clock, shared, asked, open } = openInstances();
  const resolver = open(0, () => ["192.0.2.1"]);
  const until = clock.now().getTime() + 30_000;
  const wrong = [
    "no JSON",
    "null",
    "{}",
    JSON.stringify({ until: clock.now().getTime(), addresses: ["192.0.2.9"] }),
    JSON.stringify({ until: "soon", addresses: ["192.0.2.9"] }),
    JSON.stringify({ until, addresses: [] }),
    JSON.stringify({ until, addresses: ["other.test"] }),
    JSON.stringify({ until, addresses: ["192.0.2.9", 7] }),
    JSON.stringify({ until, addresses: Array.from({ length: 300 }, () => "192.0.2.9") }),
  ];

  for (const [index, text] of wrong.entries()) {
    await shared.set(`dns:${index}.test`, text, 60_000);

    expect(await resolver.resolve(`${index}.test`)).toEqual(["192.0.2.1"]);
  }
  expect(asked).toEqual([wrong.length, 0]);
});

test("an answer of a clock that is ahead lives no longer than one's own", async () => {
  const { clock, shared, open } = openInstances();
  const resolver = open(0, () => ["192.0.2.1"]);
  const until = clock.now().getTime() + 3_600_000;
  await shared.set("dns:a.test", JSON.stringify({ until, addresses: ["192.0.2.9"] }), 60_000);

  const first = await resolver.resolve("a.test");
  await clock.advance(60_000);

  expect(first).toEqual(["192.0.2.9"]);
  expect(await resolver.resolve("a.test")).toEqual(["192.0.2.1"]);
});

test("a shared answer that was tampered with opens no private network, whatever it is told to be", async () => {
  const clock = createManualClock();
  const shared: Cache = createMemoryCache(clock);
  const policy = createAddressPolicy();
  const lookup = async () => ["192.0.2.1"];
  const { fetch, close } = openNetwork({ clock, policy, lookup, sharedAnswers: shared });
  const until = clock.now().getTime() + 60_000;
  const poisons = [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "::127.0.0.1",
  ];

  for (const [index, poison] of poisons.entries()) {
    // A public one first, so that the inward one would be reached only when that fails.
    const addresses = [...(index % 2 ? ["93.184.215.14"] : []), poison];
    await shared.set(`dns:site${index}.test`, JSON.stringify({ until, addresses }), 60_000);

    const failure = await failureOf(fetch({ url: `http://site${index}.test/` }));

    expect(failure.code).toBe("blocked_address");
  }
  close();
});
