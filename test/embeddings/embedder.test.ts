import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Clock, systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Config } from "../../src/config/settings.ts";
import { askForVectors } from "../../src/embeddings/ask.ts";
import { type Embedder, openEmbedder } from "../../src/embeddings/embedder.ts";
import { EmbeddingError } from "../../src/embeddings/embedding-answer.ts";
import { observeEmbedder } from "../../src/embeddings/observed-embedder.ts";
import { createRecorder } from "../../src/telemetry/recorder.ts";
import { SILENT, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { createManualClock } from "../manual-clock.ts";
import { answerWith, startVectorEndpoint } from "./vector-endpoint.ts";

// On a machine that is at its limit, as where all tests run.
setDefaultTimeout(60_000);

const endpoint = startVectorEndpoint(8);
const opened: Embedder[] = [];
beforeEach(() => endpoint.reset());
afterEach(() => {
  for (const embedder of opened.splice(0)) embedder.close();
});
afterAll(() => endpoint.stop());

const open = (settings: Partial<Config> = {}, clock: Clock = systemClock) => {
  const config = readConfig({}, { EMBEDDINGS_URL: endpoint.url, EMBEDDINGS_MODEL: "small", ...settings });
  const embedder = openEmbedder(config, { clock, userAgent: "Orbweaver/test" });
  if (!embedder) throw new Error("The settings name one");
  opened.push(embedder);
  return embedder;
};

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => (error instanceof EmbeddingError ? error : Promise.reject(error)),
  );
const never = new AbortController().signal;

describe("an embedder", () => {
  test("is none where no setting names one", () => {
    expect(openEmbedder(readConfig({}, {}), { clock: systemClock, userAgent: "x" })).toBeUndefined();
  });

  test("asks for all texts at once, with its key, and makes vectors of length 1 of the answer", async () => {
    const embedder = open({ EMBEDDINGS_URL: `${endpoint.url}/`, EMBEDDINGS_KEY: "sk-secret" });

    const vectors = await embedder.embed(["one two three", "four"]);

    expect(endpoint.asked).toEqual([{ model: "small", input: ["one two three", "four"], key: "Bearer sk-secret" }]);
    expect(vectors.map(({ length }) => length)).toEqual([8, 8]);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(embedder.endpoint).toBe(new URL(endpoint.url).host.concat("/v1"));
  });

  test("puts vectors in the order of their texts, whatever order they come in", async () => {
    endpoint.behave = () =>
      Response.json({
        data: [
          { index: 1, embedding: [0, 1] },
          { index: 0, embedding: [1, 0] },
        ],
      });

    const vectors = await open().embed(["a", "b"]);

    expect(vectors.map((vector) => [...vector])).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  test("asks nothing for no texts", async () => {
    expect(await open().embed([])).toEqual([]);
    expect(endpoint.asked).toEqual([]);
  });

  test.each<[string, () => Response]>([
    ["no JSON", () => new Response("<html>")],
    ["null", () => Response.json(null)],
    ["another form", () => Response.json({ data: {} })],
    ["too few", () => answerWith([[1, 0]])],
    ["too many", () => answerWith([[1], [1], [1]])],
    ["no vectors", () => answerWith(["AAAA", "AAAA"])],
    ["empty ones", () => answerWith([[], []])],
    ["sizes that differ", () => answerWith([[1, 0], [1]])],
    ["texts for numbers", () => answerWith([["1"], ["1"]])],
    ["a number twice", () => Response.json({ data: [0, 0].map((index) => ({ index, embedding: [1] })) })],
    ["a number beyond", () => Response.json({ data: [0, 7].map((index) => ({ index, embedding: [1] })) })],
    ["nothing for a vector", () => Response.json({ data: [null, { index: 1, embedding: [1] }] })],
    ["too much", () => new Response("x".repeat(3_000_000))],
  ])("can't use an answer with %s", async (_, answer) => {
    endpoint.behave = answer;

    const failure = await failureOf(open({ EMBEDDINGS_BATCH: 2 }).embed(["a", "b"]));

    expect(failure?.code).toBe("unusable");
  });

  test.each<[number, string]>([
    [401, "refused"],
    [403, "refused"],
    [404, "refused"],
    [302, "refused"],
    [429, "rate_limited"],
    [503, "rate_limited"],
    [500, "unreachable"],
    [502, "unreachable"],
    [400, "unfit"],
    [413, "unfit"],
    [422, "unfit"],
  ])("takes %d for %s, and says what was answered", async (status, code) => {
    endpoint.behave = () => new Response("because\nof this", { status, headers: { "retry-after": "7" } });

    const failure = await failureOf(open({ EMBEDDINGS_KEY: "sk-secret" }).embed(["a"]));

    expect(failure?.code as string).toBe(code);
    expect(failure?.message).toBe(`The endpoint answered ${status}: because of this`);
    if (code === "rate_limited") expect(failure?.retryAfterMs).toBe(7_000);
  });

  test.each<[string, string]>([
    ["no number", '[{"index":0,"embedding":[null]},{"index":1,"embedding":[1]}]'],
    ["infinite numbers", '[{"index":0,"embedding":[1e999]},{"index":1,"embedding":[1]}]'],
    ["numbers too large to add up", '[{"index":0,"embedding":[1e200]},{"index":1,"embedding":[1]}]'],
    ["zeros alone", '[{"index":0,"embedding":[0,0]},{"index":1,"embedding":[1,0]}]'],
  ])("takes a vector of %s for a text's fault, as long as others have one", async (_, data) => {
    endpoint.behave = () => new Response(`{"data":${data}}`);

    expect((await failureOf(open().embed(["a", "b"])))?.code).toBe("unfit");
  });

  test.each(["input is too large to process", "failed to encode response: json: unsupported value: NaN"])(
    "takes a server's error for a text's where it says so: %s",
    async (error) => {
      endpoint.behave = () => Response.json({ error }, { status: 500 });

      expect((await failureOf(open().embed(["a"])))?.code).toBe("unfit");
    },
  );

  test("fails when nobody listens, and when the connection is closed", async () => {
    const closing = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (socket) => void socket.end() } });
    const nobody = open({ EMBEDDINGS_URL: "http://127.0.0.1:1/v1" });
    const closed = open({ EMBEDDINGS_URL: `http://127.0.0.1:${closing.port}/v1` });

    const failures = [await failureOf(nobody.embed(["a"])), await failureOf(closed.embed(["a"]))];
    closing.stop(true);

    expect(failures.map((failure) => failure?.code)).toEqual(["unreachable", "unreachable"]);
  });

  test("waits for an answer to a query only so long, and for passages longer", async () => {
    const late = Promise.withResolvers<void>();
    endpoint.behave = ({ input }) => (input[0] === "slow" ? late.promise.then(() => answerWith([[1]])) : undefined);
    const embedder = open({ EMBEDDINGS_QUERY_TIMEOUT_MS: 100 });

    const query = await failureOf(embedder.embed(["slow"], { purpose: "query" }));
    const passages = embedder.embed(["slow"]);
    late.resolve();

    expect(query?.code).toBe("timeout");
    expect(await passages).toHaveLength(1);
  });

  test("stops at once when it is told to, which is no failure of the endpoint's", async () => {
    const asked = Promise.withResolvers<void>();
    endpoint.behave = () => {
      asked.resolve();
      return new Promise(() => {});
    };
    const embedder = open();
    const stop = new AbortController();

    const embedding = embedder.embed(["a"], { signal: stop.signal });
    await asked.promise;
    stop.abort(new Error("Enough"));

    expect(embedding).rejects.toThrow("Enough");
    await embedding.catch(() => {});
    endpoint.reset();
    expect(await embedder.embed(["a"])).toHaveLength(1);
  });

  test("rests after a failure, as long as it was told to, for that model and purpose alone", async () => {
    const clock = createManualClock();
    const embedder = open({}, clock);
    endpoint.behave = () => new Response(null, { status: 429, headers: { "retry-after": "90" } });
    await failureOf(embedder.embed(["a"]));
    endpoint.reset();

    await clock.advance(60_000);
    const early = await failureOf(embedder.embed(["a"]));
    const query = await embedder.embed(["a"], { purpose: "query" });
    const other = await embedder.embed(["a"], { model: "other" });
    await clock.advance(30_000);
    const rested = await embedder.embed(["a"]);

    expect([early?.code, early?.retryAfterMs]).toEqual(["resting", 30_000]);
    expect([query, other, rested].map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(endpoint.asked.map(({ model }) => model)).toEqual(["small", "other", "small"]);
  });

  test("keeps requests for passages apart, so many a minute", async () => {
    const clock = createManualClock();
    const embedder = open({ EMBEDDINGS_PER_MINUTE: 60 }, clock);

    const turns = [embedder.takeTurn(), embedder.takeTurn()];
    await clock.advance(400);
    turns.push(embedder.takeTurn());
    await clock.advance(600);
    turns.push(embedder.takeTurn(), embedder.takeTurn());

    expect(turns).toEqual([0, 1_000, 600, 0, 1_000]);
  });
});

describe("what is not taken", () => {
  const ask = (texts: string[]) => askForVectors({ embedder: open(), clock: systemClock }, texts, never);

  test("together is sent by halves, and every text has its own vector", async () => {
    endpoint.behave = ({ input }) => (input.length > 2 ? new Response(null, { status: 413 }) : undefined);

    const vectors = await ask(["one", "two", "three", "four", "five"]);
    endpoint.reset();

    expect(vectors).toEqual(await open().embed(["one", "two", "three", "four", "five"]));
  });

  test("in one piece is cut until it is, and the others are not", async () => {
    const long = "word ".repeat(1_000);
    endpoint.behave = ({ input }) =>
      input.some((text) => text.length > 2_000) ? new Response(null, { status: 400 }) : undefined;

    const vectors = await ask(["short", long]);

    expect(vectors.every((vector) => vector !== null)).toBe(true);
    expect(endpoint.asked.map(({ input }) => input.map(({ length }) => length))).toEqual([
      [5, 5_000],
      [5],
      [5_000],
      [2_500],
      [1_250],
    ]);
  });

  test("in whatever piece is left out, and the rest goes on", async () => {
    endpoint.behave = ({ input }) =>
      input.some((text) => text.includes("poison")) ? new Response(null, { status: 400 }) : undefined;

    const vectors = await ask(["one", "poison ".repeat(200), "three"]);

    expect(vectors.map((vector) => vector !== null)).toEqual([true, false, true]);
  });

  test("or of which nothing is made is left out, and the rest goes on", async () => {
    endpoint.behave = ({ input }) =>
      input.includes("poison") ? answerWith(input.map((text) => (text === "poison" ? [0, 0] : [1, 0]))) : undefined;

    const vectors = await ask(["one", "poison", "three"]);

    expect(vectors.map((vector) => vector !== null)).toEqual([true, false, true]);
  });

  test("is not what is wrong where every text is refused", async () => {
    endpoint.behave = () => new Response("no such model", { status: 400 });

    const failure = await failureOf(ask(["one", "two"]));

    expect(failure?.code).toBe("refused");
    expect(failure?.message).toContain("no such model");
  });

  test("is never cut through a character", async () => {
    endpoint.behave = ({ input }) =>
      input.some((text) => text.length > 700) ? new Response(null, { status: 413 }) : undefined;

    await ask([`x${"😀".repeat(700)}`]);

    for (const { input } of endpoint.asked) for (const text of input) expect(text.isWellFormed()).toBe(true);
  });
});

test("what was asked and what came of it is measured", async () => {
  const observed: [string, object][] = [];
  const telemetry: Telemetry = {
    ...SILENT,
    recorder: createRecorder(0),
    observe: (name, labels) => void observed.push([name, labels]),
  };
  const embedder = observeEmbedder(open(), telemetry);

  await embedder.embed(["a"], { purpose: "query" });
  endpoint.behave = () => new Response(null, { status: 401 });
  await failureOf(embedder.embed(["a"]));

  expect(observed).toEqual([
    ["orbweaver.embeddings.duration", { purpose: "query", outcome: "done" }],
    ["orbweaver.embeddings.duration", { purpose: "passages", outcome: "refused" }],
  ]);
});
