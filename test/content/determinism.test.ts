import { expect, test } from "bun:test";
import { join } from "node:path";
import { digestPages, samplePages } from "./document-digest.ts";

const file = join(import.meta.dir, "document-digest.ts");
const names = Object.keys(samplePages);
const expected = digestPages(names);

test("the same bytes give the same document after other pages and in another order", () => {
  const inReverse = digestPages(names.toReversed());
  const [first = ""] = names;
  const alone = digestPages([first, first]);

  expect(inReverse).toEqual(expected);
  expect(alone[first]).toBe(expected[first] ?? "");
});

test("another thread gives the same documents", async () => {
  const worker = new Worker(file);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(names.toReversed());

  const documents = await promise;
  worker.terminate();

  expect(documents).toEqual(expected);
});

test("another process, in Kathmandu and Turkish, gives the same documents", async () => {
  const env = { PATH: process.env.PATH, TZ: "Asia/Kathmandu", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" };
  const child = Bun.spawn([process.execPath, file, ...names], { env });

  const documents = JSON.parse(await child.stdout.text());

  expect(documents).toEqual(expected);
});
