import { expect, test } from "bun:test";
import { FetchError } from "../../src/fetch/fetch.ts";
import { createResolver, type Resolver } from "../../src/fetch/resolve.ts";
import { createManualClock } from "../manual-clock.ts";

const fault = (code: string) => Object.assign(new Error(code), { code });

async function failureOf(resolver: Resolver, name: string): Promise<FetchError> {
  try {
    await resolver.resolve(name);
  } catch (error) {
    if (error instanceof FetchError) return error;
  }
  throw new Error("Expected a FetchError");
}

test("a name's addresses are remembered for a minute", async () => {
  const clock = createManualClock();
  let asked = 0;
  const resolver = createResolver({ clock, lookup: async () => [`192.0.2.${++asked}`] });

  expect(await resolver.resolve("a.test")).toEqual(["192.0.2.1"]);
  await clock.advance(59_999);
  expect(resolver.resolve("a.test")).toEqual(["192.0.2.1"]);
  await clock.advance(1);
  expect(await resolver.resolve("a.test")).toEqual(["192.0.2.2"]);
});

test("a name that does not exist is not asked for again within ten seconds, and is no matter for a retry", async () => {
  const clock = createManualClock();
  let asked = 0;
  const resolver = createResolver({
    clock,
    lookup: async () => {
      asked += 1;
      throw fault("ENOTFOUND");
    },
  });

  const failure = await failureOf(resolver, "nope.test");
  expect(failure).toMatchObject({ code: "dns", isRetryable: false });
  expect(failure.message).toBe("nope.test has no address: check that the name is spelled right");
  await clock.advance(9_999);
  await failureOf(resolver, "nope.test");
  expect(asked).toBe(1);
  await clock.advance(1);
  await failureOf(resolver, "nope.test");
  expect(asked).toBe(2);
});

test("a name server's own fault is retryable and asked again at once", async () => {
  let asked = 0;
  const resolver = createResolver({
    clock: createManualClock(),
    lookup: async () => {
      asked += 1;
      if (asked === 1) throw fault("EAI_AGAIN");
      return ["192.0.2.1"];
    },
  });

  expect(await failureOf(resolver, "a.test")).toMatchObject({ code: "dns", isRetryable: true });
  expect(await resolver.resolve("a.test")).toEqual(["192.0.2.1"]);
});

test("an answer without addresses is a name that does not exist", async () => {
  const resolver = createResolver({ clock: createManualClock(), lookup: async () => [] });

  expect(await failureOf(resolver, "a.test")).toMatchObject({ code: "dns", isRetryable: false });
});

test("look-ups of one name at one time share one question", async () => {
  let asked = 0;
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const resolver = createResolver({
    clock: createManualClock(),
    lookup: () => {
      asked += 1;
      return promise;
    },
  });

  const both = Promise.all([resolver.resolve("a.test"), resolver.resolve("a.test")]);
  resolve(["192.0.2.1"]);

  expect(await both).toEqual([["192.0.2.1"], ["192.0.2.1"]]);
  expect(asked).toBe(1);
});

test("a look-up that throws before it begins leaves nothing behind", async () => {
  let asked = 0;
  const resolver = createResolver({
    clock: createManualClock(),
    lookup: () => {
      asked += 1;
      throw fault("EAI_AGAIN");
    },
  });

  await failureOf(resolver, "a.test");
  await failureOf(resolver, "a.test");
  expect(asked).toBe(2);
});

test("a name server that never answers fails the look-up as retryable", async () => {
  const resolver = createResolver({ clock: createManualClock(), lookup: () => new Promise(() => {}), timeoutMs: 20 });

  const failure = await failureOf(resolver, "slow.test");
  expect(failure).toMatchObject({ code: "dns", isRetryable: true });
  expect(failure.message).toBe("Looking up slow.test took longer than 20 ms: the name server does not answer");
});

test("the address that answered comes first from then on", async () => {
  const resolver = createResolver({
    clock: createManualClock(),
    lookup: async () => ["::1", "192.0.2.1", "192.0.2.2"],
  });

  await resolver.resolve("a.test");
  resolver.prefer("a.test", "192.0.2.1");
  resolver.prefer("a.test", "203.0.113.9");

  expect(resolver.resolve("a.test")).toEqual(["192.0.2.1", "::1", "192.0.2.2"]);
});

test("the system's resolver knows this machine", async () => {
  const resolver = createResolver({ clock: createManualClock() });

  expect(await resolver.resolve("localhost")).toContain("127.0.0.1");
});

test("ten thousand names are remembered, the oldest of them forgotten first", async () => {
  let asked = 0;
  const resolver = createResolver({
    clock: createManualClock(),
    lookup: async () => {
      asked += 1;
      return ["192.0.2.1"];
    },
  });

  for (let index = 0; index <= 10_000; index += 1) await resolver.resolve(`n${index}.test`);
  expect(asked).toBe(10_001);
  await resolver.resolve("n1.test");
  await resolver.resolve("n10000.test");
  expect(asked).toBe(10_001);
  await resolver.resolve("n0.test");
  expect(asked).toBe(10_002);
});
