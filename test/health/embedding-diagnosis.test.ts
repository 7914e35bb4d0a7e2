import { afterAll, beforeEach, expect, test } from "bun:test";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { openEmbedder } from "../../src/embeddings/embedder.ts";
import { examineAll } from "../../src/health/diagnosis.ts";
import { embeddingExamination } from "../../src/health/embedding-diagnosis.ts";
import { startVectorEndpoint } from "../embeddings/vector-endpoint.ts";

const endpoint = startVectorEndpoint(8);
beforeEach(() => endpoint.reset());
afterAll(() => endpoint.stop());

const examine = async (url: string = endpoint.url) => {
  const config = readConfig({}, { EMBEDDINGS_URL: url, EMBEDDINGS_MODEL: "small", EMBEDDINGS_KEY: "sk-secret" });
  const embedder = openEmbedder(config, { clock: systemClock, userAgent: "Orbweaver/test" });
  const [examined] = await examineAll([embeddingExamination(embedder)], systemClock);
  embedder?.close();
  return examined;
};

test("an endpoint that makes vectors passes, and how large they are is told", async () => {
  const examined = await examine();

  expect(examined?.verdict).toBe("pass");
  expect(examined?.finding).toMatch(/^small at 127\.0\.0\.1:\d+\/v1 makes vectors of 8 numbers, one in \d+ ms$/);
});

test.each<[string, () => Response, string, string]>([
  [
    "refuses the key, without telling it,",
    () => new Response("no sk-secret", { status: 401 }),
    "fail",
    "EMBEDDINGS_KEY",
  ],
  ["knows no such model", () => new Response("no such model", { status: 404 }), "fail", "EMBEDDINGS_MODEL"],
  ["refuses any text", () => new Response("what?", { status: 400 }), "fail", "EMBEDDINGS_MODEL"],
  ["is something else", () => new Response("<html>"), "fail", "OpenAI's form"],
  ["is overloaded", () => new Response(null, { status: 503 }), "warn", "See that it runs"],
])("an endpoint that %s is told of with what to do", async (_, answer, verdict, mend) => {
  endpoint.behave = answer;

  const examined = await examine();

  expect([examined?.verdict as string, examined?.mend]).toEqual([verdict, expect.stringContaining(mend)]);
  expect(JSON.stringify(examined)).not.toContain("sk-secret");
});

test("an endpoint where nobody listens is only warned of", async () => {
  expect((await examine("http://127.0.0.1:1/v1"))?.verdict).toBe("warn");
});

test("without an endpoint there is nothing to look at", async () => {
  const [examined] = await examineAll([embeddingExamination(undefined)], systemClock);

  expect(examined?.verdict).toBe("skip");
});
