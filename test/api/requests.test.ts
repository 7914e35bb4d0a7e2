import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService, storeOver } from "./running-service.ts";

let store: Store;
let service: RunningService;

beforeAll(async () => {
  const [embedded] = testStores;
  if (!embedded) throw new Error("There is always an embedded store");
  store = await embedded.open();
  service = await startService(store);
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

const post = (body: string, headers: Record<string, string> = {}) =>
  service.ask("POST", "/api/v1/websites", body, headers);

test("a problem says what is wrong in the shape of RFC 9457", async () => {
  const { status, headers, json } = await service.ask("GET", "/api/v1/websites/nonsense", undefined, {
    "x-request-id": "my-request.1",
  });

  expect(status).toBe(400);
  expect(headers.get("content-type")).toBe("application/problem+json");
  expect(headers.get("x-request-id")).toBe("my-request.1");
  expect(json).toEqual({
    type: "about:blank",
    title: "Bad Request",
    status: 400,
    detail: 'id must be a UUID, not "nonsense"',
    instance: "/api/v1/websites/nonsense",
    request_id: "my-request.1",
    code: "invalid",
    errors: [{ at: "id", message: 'must be a UUID, not "nonsense"' }],
  });
});

test("a request id that could be mischief is replaced", async () => {
  const given = `x"${"y".repeat(200)}`;

  const { headers } = await service.ask("GET", "/health", undefined, { "x-request-id": given });

  expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("what is nowhere is a 404, and a wrong method a 405 that tells the right ones", async () => {
  const nowhere = await service.ask("GET", "/api/v1/nowhere");
  const wrong = await service.ask("PUT", "/api/v1/websites", {});

  const slashed = await service.ask("PUT", "/api/v1/websites/", {});

  expect([nowhere.status, nowhere.json.code]).toEqual([404, "no_route"]);
  for (const { status, headers } of [wrong, slashed])
    expect([status, headers.get("allow")]).toEqual([405, "POST, GET, HEAD, OPTIONS"]);
});

test("JSON that breaks off is a 400", async () => {
  const { status, json } = await post('{"url":');

  expect([status, json.code]).toEqual([400, "malformed_json"]);
});

test("a body that is no object is a 400", async () => {
  for (const body of ["[]", "null", '"text"', "7"]) {
    const { status, json } = await post(body);

    expect([status, json.errors]).toEqual([400, [expect.objectContaining({ at: "" })]]);
  }
});

test("no body at all is a 400", async () => {
  const { status, json } = await service.ask("POST", "/api/v1/websites");

  expect([status, json.detail]).toEqual([400, "The body must be an object"]);
});

test("a body that is not JSON by its type is a 415, as a form from another site would be", async () => {
  const form = await post("url=x", { "content-type": "application/x-www-form-urlencoded" });
  const plain = await post('{"url":"https://x.example/"}', { "content-type": "text/plain" });
  const packed = await post("{}", { "content-encoding": "gzip" });

  expect([form.status, form.json.code]).toEqual([415, "unsupported_type"]);
  expect(plain.status).toBe(415);
  expect([packed.status, packed.json.code]).toEqual([415, "unsupported_encoding"]);
});

test("a body over the limit is a 413, with and without a declared length", async () => {
  const body = JSON.stringify({ url: "x".repeat(1_000_000) });
  const chunks = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(body));
      controller.close();
    },
  });

  const declared = await post(body);
  const streamed = await fetch(`${service.url}/api/v1/websites`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: chunks,
  });

  expect([declared.status, declared.json.code]).toEqual([413, "too_large"]);
  expect([streamed.status, ((await streamed.json()) as { code: string }).code]).toEqual([413, "too_large"]);
});

test("nesting without end costs nothing", async () => {
  const startedAt = performance.now();

  const closed = await post("[".repeat(400_000) + "]".repeat(400_000));
  const open = await post('{"url":'.repeat(100_000));

  expect([closed.status, closed.json.detail]).toEqual([400, "The body may be nested 32 deep at the most"]);
  expect([open.status, open.json.code]).toEqual([400, "malformed_json"]);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

test("a text that no database can hold is refused, wherever it is", async () => {
  const bodies = ['{"url":"https://x.example/","name":"a\\u0000b"}', '{"url":"https://x.example/","name":"\\ud800"}'];
  for (const body of bodies) {
    const { status, json } = await post(body);

    expect([status, json.errors]).toEqual([400, [expect.objectContaining({ at: "/name" })]]);
  }
  expect((await post('{"\\u0000":1}')).status).toBe(400);
  expect((await service.ask("GET", "/api/v1/pages?path_prefix=%00")).status).toBe(400);
  expect((await service.ask("GET", "/api/v1/pages/%ff")).status).toBe(400);
});

test("bytes that are not UTF-8 are a 400", async () => {
  const response = await fetch(`${service.url}/api/v1/websites`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: new Uint8Array([0x7b, 0xff, 0x7d]),
  });

  expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
    400,
    "The body is not valid UTF-8",
  ]);
});

test("a website in the browser can't pass for the person at the keyboard", async () => {
  const own = new URL(service.url).host;
  const start = (headers: Record<string, string>) => service.ask("POST", "/api/v1/crawls", {}, headers);

  const refused = [
    await start({ origin: "https://evil.example" }),
    await start({ origin: "null" }),
    await start({ origin: "http://localhost.evil.example:1" }),
    await start({ "sec-fetch-site": "cross-site" }),
    await service.ask("GET", "/api/v1/websites", undefined, { host: "rebound.evil.example" }),
    await service.ask("GET", "/api/v1/websites", undefined, { host: "localhost.evil.example" }),
  ];
  const admitted = [
    await start({ origin: `http://${own}`, "sec-fetch-site": "same-origin" }),
    await start({ origin: "http://localhost:1", "sec-fetch-site": "cross-site" }),
    await start({ host: "localhost:3000" }),
    await start({ host: "[::1]:3000" }),
  ];

  expect(refused.map(({ status, json }) => [status, json.code])).toEqual([
    ...Array(4).fill([403, "foreign_origin"]),
    ...Array(2).fill([403, "foreign_host"]),
  ]);
  expect(admitted.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
});

test("a service that listens beyond this machine answers to any name", async () => {
  const open = await startService(store, { config: { HOST: "0.0.0.0" } });

  const { status } = await open.ask("GET", "/api/v1/websites", undefined, { host: "orbweaver:3000" });

  expect(status).toBe(200);
  await open.stop();
});

test("every answer forbids framing, sniffing and referrers", async () => {
  for (const path of ["/health", "/swagger", "/nowhere"]) {
    const { headers } = await service.ask("GET", path);

    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  }
});

test("a page that is known is not sent again, by a list of tags, a weak one or any", async () => {
  const page = `/api/v1/pages/${await addPage()}`;
  // What is compressed has a weak tag.
  const plain = { "accept-encoding": "identity" };
  const { headers } = await service.ask("GET", page, undefined, plain);
  const etag = headers.get("etag") ?? "";

  const known = [etag, `W/${etag}`, `"other", ${etag}`, `"other" , W/${etag}`, "*"];
  for (const tags of known) {
    const { status, text } = await service.ask("GET", page, undefined, { ...plain, "if-none-match": tags });

    expect([status, text]).toEqual([304, ""]);
  }
  const others = ['"other"', `"${etag.slice(1, -1)}x"`, `"x, ${etag.slice(1)}`];
  for (const tags of others)
    expect((await service.ask("GET", page, undefined, { ...plain, "if-none-match": tags })).status).toBe(200);
  expect(etag).toMatch(/^"[0-9a-z]+"$/);
  expect((await service.ask("HEAD", page, undefined, plain)).headers.get("etag")).toBe(etag);
});

test("HEAD answers as GET does, without a body", async () => {
  const { status, text, headers } = await service.ask("HEAD", "/api/v1/websites");

  expect([status, text]).toEqual([200, ""]);
  expect(headers.get("content-type")).toStartWith("application/json");
});

test("a fault of the service is a 500 that tells nothing, and is in the log under the request's id", async () => {
  const broken = await startService(storeOver(store, {}));

  const { status, json } = await broken.ask("GET", "/api/v1/websites");

  expect(status).toBe(500);
  expect(json).toMatchObject({ code: "internal", title: "Internal Server Error" });
  expect(JSON.stringify(json)).not.toContain("is not a function");
  expect(broken.lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: "error", event: "request failed", requestId: json.request_id, path: "/api/v1/websites" },
    { level: "info", event: "request answered", requestId: json.request_id, route: "/api/v1/websites", status: 500 },
  ]);
  await broken.stop();
});

test("an answer that breaks its own schema is a fault of the service, and tells nothing", async () => {
  const odd = { id: "no UUID", createdAt: new Date(0), updatedAt: new Date(0), name: 7, options: "none" };
  const rows = Object.assign(Promise.resolve([odd]), { from: () => rows, innerJoin: () => rows, where: () => rows });
  const broken = await startService(storeOver(store, { select: () => rows }));

  const { status, json } = await broken.ask("GET", `/api/v1/websites/${Bun.randomUUIDv7()}`);

  expect([status, json.code]).toEqual([500, "internal"]);
  expect(json.errors).toBeUndefined();
  await broken.stop();
});

test("a database that is away is a 503", async () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const broken = await startService(
    storeOver(store, { execute: () => Promise.reject(refused), select: () => fail(refused) }),
  );

  const list = await broken.ask("GET", "/api/v1/websites");
  const health = await broken.ask("GET", "/health/ready");

  expect([list.status, list.json.code]).toEqual([503, "unavailable"]);
  expect(health.status).toBe(503);
  expect((await broken.ask("GET", "/health")).status).toBe(200);
  await broken.stop();
});

test("a port that is taken is named, with the mend", async () => {
  const port = Number(new URL(service.url).port);

  const second = startService(store, { config: { PORT: port } });

  await expect(second).rejects.toMatchObject({
    reason: "unavailable",
    message: `Can't listen on 127.0.0.1:${port}: it is taken: stop what listens there, or set PORT`,
  });
});

function fail(cause: Error): never {
  throw new Error("Failed query", { cause });
}

async function addPage(): Promise<string> {
  const url = `https://${Bun.randomUUIDv7()}.example/`;
  const website = await addWebsite(store.db, { userId: LOCAL_USER_ID, url, options: {} });
  const row = {
    websiteId: website.id,
    urlHash: Bun.randomUUIDv7(),
    url,
    host: new URL(url).host,
    path: "/",
    status: 200,
  };
  const [page] = await store.db.insert(pages).values(row).returning({ id: pages.id });
  if (!page) throw new Error("An insertion gives its row");
  return page.id;
}
