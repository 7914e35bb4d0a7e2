import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { VERSION } from "../../src/version.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

type Schema = Record<string, unknown> & { $ref?: string; properties?: Record<string, Schema>; description?: string };
type Parameter = { name: string; in: string; required: boolean; description?: string; schema: Schema };
type Content = Record<string, { schema: Schema; example?: unknown }>;
type Operation = {
  operationId: string;
  summary: string;
  tags: string[];
  description?: string;
  security: object[];
  "x-permission"?: string;
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
};
type Document = {
  openapi: string;
  info: { title: string; version: string };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: object };
};

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
let store: Store;
let service: RunningService;
let document: Document;
let operations: { method: string; path: string; operation: Operation }[];

beforeAll(async () => {
  store = await embedded.open();
  service = await startService(store);
  document = (await service.ask("GET", "/swagger/json")).json as Document;
  operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

test("the document lists every route that callers have, and no other", () => {
  const listed = operations.map(({ method, path }) => `${method} ${path}`).sort();

  expect(listed).toEqual(
    [
      "GET /health",
      "GET /api/v1/public/health",
      ...["/health", "/api/v1/public/health"].map((path) => `GET ${path}/ready`),
      ...["db", "redis"].map((part) => `GET /health/${part}`),
      ...["GET", "POST"].map((method) => `${method} /api/v1/channels`),
      ...["GET", "PATCH", "DELETE"].map((method) => `${method} /api/v1/channels/{id}`),
      ...["test", "rotate-secret", "replay-failed"].map((action) => `POST /api/v1/channels/{id}/${action}`),
      "POST /api/v1/channels/template-preview",
      "GET /api/v1/channels/{id}/deliveries",
      "GET /api/v1/deliveries/{id}",
      "POST /api/v1/deliveries/{id}/replay",
      ...["/events", "/websites/{id}/events"].map((path) => `GET /api/v1${path}`),
      ...["GET", "POST"].map((method) => `${method} /api/v1/websites`),
      ...["GET", "PATCH", "DELETE"].map((method) => `${method} /api/v1/websites/{id}`),
      ...["pages", "crawls"].map((list) => `GET /api/v1/websites/{id}/${list}`),
      ...["websites", "users"].map((list) => `POST /api/v1/${list}/{id}/restore`),
      ...["GET", "POST"].map((method) => `${method} /api/v1/crawls`),
      "GET /api/v1/crawls/{id}",
      ...["pages", "events"].map((list) => `GET /api/v1/crawls/{id}/${list}`),
      ...["pause", "resume", "cancel"].map((verb) => `POST /api/v1/crawls/{id}/${verb}`),
      ...["/embeddings", "/duplicates", "/pages/{id}/similar", "/websites/{id}/duplicates"].map(
        (path) => `GET /api/v1${path}`,
      ),
      ...["/search", "/websites/{id}/search"].map((path) => `GET /api/v1${path}`),
      ...["/search/suggestions", "/mentions", "/websites/{id}/mentions"].map((path) => `GET /api/v1${path}`),
      "GET /api/v1/pages",
      "GET /api/v1/pages/{id}",
      ...["document", "raw", "links", "versions", "diff", "visit-plan"].map((part) => `GET /api/v1/pages/{id}/${part}`),
      ...["", "/raw"].map((part) => `GET /api/v1/pages/{id}/versions/{number}${part}`),
      ...["", "/{id}", "/{id}/diff"].map((part) => `GET /api/v1/changes${part}`),
      ...["changes", "diff", "visit-plan", "feed.rss", "feed.atom", "feed.json"].map(
        (part) => `GET /api/v1/websites/{id}/${part}`,
      ),
      ...["GET", "PUT"].map((method) => `${method} /api/v1/websites/{id}/tracking`),
      ...["llms.txt", "llms-full.txt", "index.json", "indexes", "llms"].map(
        (list) => `GET /api/v1/websites/{id}/${list}`,
      ),
      "PUT /api/v1/websites/{id}/llms",
      "POST /api/v1/websites/{id}/llms/preview",
      "POST /api/v1/websites/{id}/tracking/preview",
      "GET /api/v1/websites/{id}/tracking/suggestions",
      "POST /api/v1/websites/{id}/tracking/suggestions/{suggestion_id}/adopt",
      ...["GET", "POST"].map((method) => `${method} /api/v1/schedules`),
      ...["GET", "PATCH", "DELETE"].map((method) => `${method} /api/v1/schedules/{id}`),
      ...["preview", "{id}/run"].map((verb) => `POST /api/v1/schedules/${verb}`),
      "GET /api/v1/schedules/{id}/firings",
      "GET /api/v1/system-schedules",
      "POST /api/v1/system-schedules/{name}/run",
      ...["GET", "DELETE"].map((method) => `${method} /api/v1/jobs`),
      ...["{id}", "events"].map((path) => `GET /api/v1/jobs/${path}`),
      ...["{id}/retry", "{id}/cancel", "replay"].map((verb) => `POST /api/v1/jobs/${verb}`),
      "GET /api/v1/queues",
      ...["pause", "resume"].map((verb) => `POST /api/v1/queues/{queue}/${verb}`),
      "POST /api/v1/scrape",
      "POST /api/v1/extract/preview",
      ...["users", "keys"].flatMap((list) => [`GET /api/v1/${list}`, `POST /api/v1/${list}`]),
      ...["GET", "PATCH", "DELETE"].flatMap((method) => [
        `${method} /api/v1/users/{id}`,
        `${method} /api/v1/keys/{id}`,
      ]),
      ...["disable", "enable"].map((verb) => `POST /api/v1/users/{id}/${verb}`),
      "GET /api/v1/me",
      "GET /api/v1/instances",
      ...["GET", "PUT"].map((method) => `${method} /api/v1/log-level`),
      "GET /metrics",
    ].sort(),
  );
});

test("every operation says what it is for, by a name of its own", () => {
  const tags = document.tags.map(({ name }) => name);

  for (const { operation } of operations) {
    expect(operation.summary.length).toBeGreaterThan(5);
    expect(operation.tags.every((tag) => tags.includes(tag))).toBe(true);
  }
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
});

test("every parameter and every field of a body is described, every body has an example", () => {
  const bare = operations.flatMap(({ method, path, operation }) => {
    const parameters = (operation.parameters ?? []).filter(({ description }) => !description);
    const bodies = Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => resolve(schema));
    const fields = bodies.flatMap(({ properties = {} }) =>
      Object.entries(properties).filter(([, field]) => !field.description),
    );
    const missing = [...parameters.map(({ name }) => name), ...fields.map(([name]) => name)];
    if (bodies.some(({ examples }) => examples === undefined)) missing.push("example");
    return missing.map((name) => `${method} ${path}: ${name}`);
  });

  expect(bare).toEqual([]);
});

test("the document is OpenAPI 3.1 of this version, the same at every request", async () => {
  const again = (await service.ask("GET", "/swagger/json")).json;

  expect(document).toMatchObject({
    openapi: "3.1.0",
    info: { title: "Orbweaver", version: VERSION },
    servers: [{ url: "/" }],
  });
  expect(again).toEqual(document as unknown as typeof again);
});

test("every body and every answer has its own media type, every answer a description", () => {
  const bodies = operations.flatMap(({ operation }) => operation.requestBody ?? []);
  const answers = operations.flatMap(({ operation }) => Object.values(operation.responses));
  const types = new Set(answers.flatMap(({ content = {} }) => Object.keys(content)));

  expect(bodies.map(({ required, content }) => [required, Object.keys(content)])).toEqual(
    bodies.map(() => [true, ["application/json"]]),
  );
  expect([...types].sort()).toEqual([
    "*/*",
    "application/atom+xml",
    "application/feed+json",
    "application/json",
    "application/jsonl",
    "application/problem+json",
    "application/rss+xml",
    "text/csv",
    "text/event-stream",
    "text/html",
    "text/markdown",
    "text/plain",
    "text/x-diff",
  ]);
  for (const answer of answers) {
    expect(Object.keys(answer).filter((key) => key !== "description" && key !== "content")).toEqual([]);
    expect(answer.description).not.toBe("");
  }
});

test("every operation says what it takes to do it, and how it is refused", () => {
  for (const { operation } of operations) {
    const needed = operation["x-permission"];
    const isPublic = needed === "public";
    expect(operation.security).toEqual(isPublic ? [] : [{ bearer: [] }, { apiKey: [] }]);
    if (isPublic) continue;
    expect(operation.description).toEndWith(`Needs the permission \`${needed}\`.`);
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(["401", "403", "429"]));
  }
  expect(document.components.securitySchemes).toMatchObject({
    bearer: { type: "http", scheme: "bearer" },
    apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
  });
});

test("what OpenAPI has no room for in a parameter is in its schema", () => {
  const parameters = operations.flatMap(({ operation }) => operation.parameters ?? []);
  const fields = new Set(parameters.flatMap((parameter) => Object.keys(parameter)));

  expect([...fields].sort()).toEqual(["description", "in", "name", "required", "schema"]);
  expect(parameters.find(({ name }) => name === "id")).toMatchObject({
    required: true,
    schema: { type: "string", format: "uuid", examples: [expect.stringMatching(/^[0-9a-f-]{36}$/)] },
  });
});

test("references lead somewhere, and errors are problems, but for what a probe is told", () => {
  const text = JSON.stringify(document);
  const refs = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? "");
  const isProbe = ({ operation }: (typeof operations)[number]) => operation.tags.includes("Health");
  const failures = operations
    .filter((operation) => !isProbe(operation))
    .flatMap(({ operation }) => Object.entries(operation.responses).filter(([status]) => Number(status) >= 400));

  expect([...new Set(refs)].sort()).toEqual(Object.keys(document.components.schemas).sort());
  expect(text).not.toContain('"$id"');
  expect(failures.length).toBeGreaterThan(operations.length);
  for (const [, { content }] of failures) expect(Object.keys(content ?? {})).toEqual(["application/problem+json"]);
});

test("a number in a query is described as a number", () => {
  const list = document.paths["/api/v1/websites"]?.get?.parameters ?? [];

  expect(list.find(({ name }) => name === "limit")).toMatchObject({
    in: "query",
    required: false,
    schema: { type: "integer", minimum: 1, maximum: 200, default: 50 },
  });
});

describe("bad input at every route", () => {
  const ID = Bun.randomUUIDv7();
  const fill = (path: string, id: string) =>
    path.replace("{id}", id).replace("{number}", "1").replace("{suggestion_id}", "0123456789abcdef");
  const good: Record<string, unknown> = {
    "POST /api/v1/channels/{id}/rotate-secret": {},
    "PUT /api/v1/websites/{id}/tracking": {},
    "PUT /api/v1/websites/{id}/llms": {},
    "POST /api/v1/websites/{id}/llms/preview": {},
    "POST /api/v1/websites/{id}/tracking/preview": { tracking: {} },
  };

  /** What a route can't do without in its query, but for one. */
  const queryOf = ({ parameters = [] }: Operation, except: string) =>
    parameters
      .filter((parameter) => parameter.in === "query" && parameter.required && parameter.name !== except)
      .map((parameter) => `${parameter.name}=text&`)
      .join("");

  test("an id that is no UUID is a 400 that names it, one of nothing a 404", async () => {
    const withId = operations.filter(({ path }) => path.includes("{id}"));
    expect(withId.length).toBeGreaterThan(10);

    for (const { method, path, operation } of withId) {
      const needed = queryOf(operation, "");
      const change = path.includes("/schedules/") ? { enabled: false } : { name: "x" };
      const body = method === "PATCH" ? change : good[`${method} ${path}`];
      const bad = await service.ask(method, `${fill(path, "1'%20or%201=1")}?${needed}`, body);
      const absent = await service.ask(method, `${fill(path, ID)}?${needed}`, body);

      expect([method, path, bad.status, bad.json.errors]).toEqual([
        method,
        path,
        400,
        [expect.objectContaining({ at: "id" })],
      ]);
      expect([method, path, absent.status, absent.json.code]).toEqual([method, path, 404, "not_found"]);
    }
  });

  test("a query parameter that is unknown, doubled or nonsense is a 400 that names it", async () => {
    for (const { method, path, operation } of operations) {
      const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
      if (parameters.length === 0) continue;
      const url = fill(path, ID);
      const unknown = await service.ask(method, `${url}?${queryOf(operation, "")}surprise=1`);
      expect([path, unknown.status, unknown.json.errors]).toEqual([
        path,
        400,
        [{ at: "surprise", message: "is not known" }],
      ]);
      for (const { name, schema } of parameters) {
        const needed = queryOf(operation, name);
        const doubled = await service.ask(method, `${url}?${needed}${name}=1&${name}=2`);
        expect([path, name, doubled.status]).toEqual([path, name, 400]);
        const isFree = schema.type === "string" && !schema.format && !schema.anyOf;
        if (isFree) continue;
        const nonsense = await service.ask(method, `${url}?${needed}${name}=%F0%9F%98%80`);
        expect([path, nonsense.status, nonsense.json.errors]).toEqual([
          path,
          400,
          [expect.objectContaining({ at: name })],
        ]);
      }
    }
  });

  test("a body of the wrong kind is a 400, whichever field is wrong", async () => {
    const withBody = operations.filter(({ operation }) => operation.requestBody);
    expect(withBody.length).toBeGreaterThan(14);

    for (const { method, path, operation } of withBody) {
      const url = fill(path, ID);
      const fields = Object.keys(resolve(operation.requestBody?.content["application/json"]?.schema).properties ?? {});
      for (const body of [
        "",
        "{",
        "[]",
        "null",
        // Where everything has a default, nothing is enough.
        ...(Bun.deepEquals(good[`${method} ${path}`], {}) ? [] : ["{}"]),
        '{"surprise":1}',
        ...fields.map((name) => `{"${name}":{"a":[]}}`),
      ]) {
        const { status, headers } = await service.ask(method, url, body);

        expect([path, body, status]).toEqual([path, body, 400]);
        expect(headers.get("content-type")).toBe("application/problem+json");
      }
    }
  });

  test("no route is failed by any of it", () => {
    expect(service.lines).toEqual([]);
  });
});

/** A schema, or the one that it refers to. */
function resolve(schema: Schema = {}): Schema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
}
