import { describe, expect, test } from "bun:test";
import type { Parsed } from "../../src/content/parser-pool.ts";
import type { Settled } from "../../src/crawl/settle.ts";
import type { Visit } from "../../src/crawl/visit-result.ts";
import { createWriter } from "../../src/crawl/writer.ts";
import { createManualClock } from "../manual-clock.ts";

const visit = (name: string, bytes = 0): Visit => ({
  entry: {
    ...{ token: "t", urlHash: name, url: name, host: "h", depth: 0, source: "link", attempts: 0 },
    ...{ redirects: null, known: null, sitemapModifiedAt: null },
  },
  outcome:
    bytes === 0
      ? { kind: "not_modified", status: 304 }
      : {
          ...{ kind: "page", status: 200, contentType: null, byteLength: bytes, etag: null, lastModified: null },
          recipe: "",
          parsed: { raw: { zstd: { byteLength: bytes } }, document: { markdown: "" } } as unknown as Parsed,
        },
  ...{ at: new Date(0), wireBytes: 0, durationMs: 0, found: [], cut: {} },
});

/** Stores what it is told to, one batch at a time, when `release` is called. */
function setUp({ isIdle = false } = {}) {
  const clock = createManualClock();
  const batches: string[][] = [];
  const failures: unknown[] = [];
  const settling: PromiseWithResolvers<void>[] = [];
  const writer = createWriter({
    clock,
    store: async (visits) => {
      batches.push(visits.map(({ entry }) => entry.url));
      const settled = Promise.withResolvers<void>();
      settling.push(settled);
      await settled.promise;
      return {} as Settled;
    },
    onStored: () => {},
    isIdle: () => isIdle,
    onFailed: (error) => failures.push(error),
  });
  const release = async () => {
    settling.shift()?.resolve();
    await clock.settle();
  };
  const fail = async (error: Error) => {
    settling.shift()?.reject(error);
    await clock.settle();
  };
  return { clock, writer, batches, failures, release, fail };
}

async function isDone(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
}

describe("visits", () => {
  test("wait a tenth of a second for company, and are stored together", async () => {
    const { clock, writer, batches } = setUp();

    await writer.add(visit("a"));
    await clock.advance(60);
    await writer.add(visit("b"));
    await clock.advance(39);
    expect(batches).toEqual([]);
    await clock.advance(1);

    expect(batches).toEqual([["a", "b"]]);
  });

  test("wait for nothing when nothing more is under way, or a batch is full", async () => {
    const idle = setUp({ isIdle: true });
    const busy = setUp();

    await idle.writer.add(visit("a"));
    for (let n = 0; n < 64; n++) await busy.writer.add(visit(`${n}`));
    await busy.clock.settle();

    expect(idle.batches).toEqual([["a"]]);
    expect(busy.batches.map((batch) => batch.length)).toEqual([64]);
  });

  test("of many bytes go in batches of few", async () => {
    const { clock, writer, batches, release } = setUp();

    for (let n = 0; n < 4; n++) void writer.add(visit(`${n}`, 5_000_000));
    await clock.settle();
    await release();

    expect(batches).toEqual([
      ["0", "1"],
      ["2", "3"],
    ]);
  });

  test("beyond what may wait hold up those who bring them, until there is room again", async () => {
    const { clock, writer, release } = setUp();
    for (let n = 0; n < 330; n++) void writer.add(visit(`${n}`));
    await clock.settle();

    const late = writer.add(visit("late"));

    expect(await isDone(late)).toBe(false);
    await release();
    expect(await isDone(late)).toBe(true);
  });

  test("of too many bytes hold up those who bring them as well", async () => {
    const { clock, writer } = setUp();
    void writer.add(visit("first"));
    await clock.advance(100);

    expect(await isDone(writer.add(visit("huge", 70_000_000)))).toBe(false);
  });

  test("added before a flush are stored by its end, whatever comes in meanwhile", async () => {
    const { writer, release, batches, clock } = setUp();
    await writer.add(visit("a"));

    const flushed = writer.flush();
    await clock.settle();
    await writer.add(visit("b"));

    expect(await isDone(flushed)).toBe(false);
    await release();
    expect(await isDone(flushed)).toBe(true);
    expect(batches[0]).toEqual(["a"]);
  });

  test("that can't be stored fail the flush and all that is added later, and are told once", async () => {
    const { writer, fail, failures, clock } = setUp({ isIdle: true });
    const error = new Error("The disk is full");
    await writer.add(visit("a"));

    const flushed = writer.flush();
    flushed.catch(() => {});
    await fail(error);
    const later = writer.add(visit("b"));
    later.catch(() => {});
    await clock.settle();

    expect(flushed).rejects.toBe(error);
    expect(later).rejects.toBe(error);
    expect(failures).toEqual([error]);
  });

  test("are none, and a flush has nothing to wait for", async () => {
    expect(await isDone(setUp().writer.flush())).toBe(true);
  });
});
