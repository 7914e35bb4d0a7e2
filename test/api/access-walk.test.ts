import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeSecret } from "../../src/access/key-format.ts";
import type { Store } from "../../src/db/db.ts";
import { createRecorder } from "../../src/telemetry/recorder.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { createManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { makeRows, type Rows } from "./access-walk-rows.ts";
import { SAMPLES, type Sample } from "./access-walk-samples.ts";
import { type Answer, type RunningService, startService } from "./running-service.ts";

type Operation = { name: string; method: string; path: string; needed: string; sample: Sample };
type Described = { security?: object[]; "x-permission"?: string };

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
let store: Store;
let service: RunningService;
let rows: Rows;
/** Those that need a permission, in the order of the samples. */
let operations: Operation[];
let faults: string[];
let publicOperations: { method: string; path: string }[];

beforeAll(async () => {
  store = await embedded.open();
  const clock = createManualClock();
  const config = { RATE_LIMIT_PER_ADDRESS: 0, RATE_LIMIT_PER_KEY: 0, DOCS: "on" } as const;
  const telemetry = createTelemetry({ recorder: createRecorder(clock.now().getTime()) });
  service = await startService(store, { clock, config, telemetry, isClosed: true });
  rows = await makeRows(service.app);
  await clock.advance(2_000);
  const { paths } = (await service.ask("GET", "/swagger/json")).json as {
    paths: Record<string, Record<string, Described>>;
  };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ ...described, method: method.toUpperCase(), path })),
  );
  const names = new Set(described.map(({ method, path }) => `${method} ${path}`));
  faults = [
    ...described.flatMap(({ method, path, security }) => findFault(`${method} ${path}`, security)),
    ...Object.keys(SAMPLES).flatMap((name) => (names.has(name) ? [] : [`${name} is in SAMPLES, and nowhere else`])),
  ];
  publicOperations = described.filter(({ security }) => security?.length === 0);
  operations = Object.entries(SAMPLES).flatMap(([name, sample]) => {
    const found = described.find(({ method, path }) => name === `${method} ${path}`);
    const needed = found?.["x-permission"];
    return found && needed && needed !== "public"
      ? [{ name, method: found.method, path: found.path, needed, sample }]
      : [];
  });
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

function findFault(name: string, security: Described["security"]): string[] {
  if (!security) return [`${name} says not what it needs: give the route a permission, such as { permission: "read" }`];
  if (security.length > 0 && !(name in SAMPLES))
    return [`${name} is not walked: add a good request to it to SAMPLES in test/api/access-walk-samples.ts`];
  return [];
}

/** The first parameter is the sample's id. */
const urlOf = ({ path, sample }: Operation) =>
  path
    .replace(/\{\w+\}/, sample.id?.(rows) ?? "")
    .replace(/\{(\w+)\}/g, (_, name: string) => sample.more?.(rows)[name] ?? "");

/** A body that breaks off: whoever is answered by anything but a refusal has had it read. */
const BROKEN = '{"';

function askWith(key: string | undefined, operation: Operation, body?: unknown): Promise<Answer> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const { method } = operation;
  return service.ask(
    method,
    urlOf(operation) + (operation.sample.query ?? ""),
    method === "GET" ? undefined : body,
    headers,
  );
}

test("every operation says what it needs, and is walked", () => {
  expect(faults).toEqual([]);
  expect(operations.length).toBeGreaterThan(30);
});

test("whoever has no credential that is good is a stranger everywhere, and is not read", async () => {
  const credentials = {
    none: [undefined, "no_credential"],
    malformed: ["ow_live_nonsense", "bad_key"],
    foreign: ["eyJhbGciOiJub25lIn0.e30.", "bad_key"],
    unknown: [makeSecret(), "bad_key"],
    expired: [rows.keys.expired, "expired_key"],
    revoked: [rows.keys.revoked, "revoked_key"],
    disabled: [rows.keys.disabled, "disabled_user"],
  } as const;

  for (const operation of operations) {
    for (const [kind, [key, code]] of Object.entries(credentials)) {
      const { status, json, headers } = await askWith(key, operation, BROKEN);

      expect([operation.name, kind, status, json.code]).toEqual([operation.name, kind, 401, code]);
      const error = key === undefined ? "" : ', error="invalid_token"';
      // Feed readers know nothing else.
      const challenge = operation.name.includes("/feed.") ? "Basic realm=" : `Bearer realm="orbweaver"${error}`;
      expect(headers.get("www-authenticate")).toStartWith(challenge);
    }
  }
});

test("whoever may do too little is told what it takes, and is not read", async () => {
  const tooLittle: Record<string, string[]> = {
    read: [rows.keys.meter],
    write: [rows.keys.meter, rows.keys.reader],
    metrics: [rows.keys.reader, rows.keys.owner],
    admin: [rows.keys.meter, rows.keys.reader, rows.keys.owner],
  };

  for (const operation of operations) {
    for (const key of tooLittle[operation.needed] ?? []) {
      const { status, json, headers } = await askWith(key, operation, BROKEN);

      expect([operation.name, status, json.code]).toEqual([operation.name, 403, "forbidden"]);
      expect(json.detail).toContain(`the permission ${operation.needed}`);
      expect(headers.get("www-authenticate")).toContain(`error="insufficient_scope", scope="${operation.needed}"`);
    }
  }
});

test("the rows of others are not there, to read or to change", async () => {
  const owned = operations.filter(({ path, sample }) => path.includes("{id}") && !sample.isNobodys);
  expect(owned.length).toBeGreaterThan(15);

  for (const operation of owned) {
    const { status, json } = await askWith(rows.keys.stranger, operation, operation.sample.body?.(rows));

    expect([operation.name, status, json.code]).toEqual([operation.name, 404, "not_found"]);
  }
});

test("the lists of others are empty, also when asked for by their owner", async () => {
  const lists = operations.filter(
    ({ method, path, needed }) => method === "GET" && !path.includes("{id}") && needed === "read",
  );

  for (const operation of lists) {
    const { status, json } = await askWith(rows.keys.stranger, operation);
    const items = (json.items ?? []) as { user_id?: string }[];

    expect([operation.name, status]).toEqual([operation.name, 200]);
    expect(items.filter(({ user_id: userId }) => userId === rows.ownerId || userId === undefined)).toEqual([]);
  }
  for (const list of ["websites", "crawls", "keys"]) {
    const headers = { authorization: `Bearer ${rows.keys.stranger}` };
    const { json } = await service.ask("GET", `/api/v1/${list}?user_id=${rows.ownerId}`, undefined, headers);
    expect([list, json.items]).toEqual([list, []]);
  }
});

test("a website, a crawl or a key can't be made in the name of another", async () => {
  const headers = { authorization: `Bearer ${rows.keys.stranger}` };
  const crawl = await service.ask("POST", "/api/v1/crawls", { website_id: rows.websiteId }, headers);
  const key = { name: "theirs", permissions: ["read"], user_id: rows.ownerId };
  const made = await service.ask("POST", "/api/v1/keys", key, headers);
  const raised = await service.ask("POST", "/api/v1/keys", { name: "mine", permissions: ["admin"] }, headers);

  expect([crawl.status, made.status, raised.status]).toEqual([404, 403, 400]);
});

describe("nothing gets around the gate", () => {
  const KEYS = { "x-api-key": makeSecret() };

  test("HEAD, OPTIONS and unknown methods are asked for a credential as GET is", async () => {
    for (const operation of operations) {
      for (const method of ["HEAD", "OPTIONS", "PUT", "TRACE", "PROPFIND"]) {
        const { status } = await service.ask(method, urlOf(operation), undefined, KEYS);
        expect([method, operation.name, status]).toEqual([method, operation.name, 401]);
      }
    }
  });

  test("other spellings of a path are strangers' paths, or no paths at all", async () => {
    for (const operation of operations) {
      const path = urlOf(operation);
      const spellings = [
        `${path}/`,
        `/${path}`,
        path.replace("/v1/", "/v1//"),
        path.toUpperCase(),
        path.replace("/api", "/%61pi"),
        `${path}%2f`,
        `${path}?/health`,
        `${path}#/health`,
        `/./${path.slice(1)}`,
        path.replace("/v1", "/v1/public/.."),
        path.replace("/api/v1", "/api/v1/public/%2e%2e"),
        `/health/..${path}`,
        `/health/%2e%2e${path}`,
        `/health%2f..${path}`,
        `/swagger/..${path}`,
        `/swagger/%2e%2e${path}`,
      ];

      for (const spelling of spellings) {
        const { status } = await askRaw(operation.method, spelling);
        const isRefused = status === 401 || status === 404;
        expect([operation.method, spelling, isRefused || status]).toEqual([operation.method, spelling, true]);
      }
    }
  });

  test("a path that does not exist is none of a stranger's business", async () => {
    const unknown = await service.ask("GET", "/api/v1/nowhere");
    const known = await service.ask("GET", "/api/v1/nowhere", undefined, { "x-api-key": rows.keys.reader });

    expect([unknown.status, known.status]).toEqual([401, 404]);
  });

  test("what is public stays so, whatever comes with it", async () => {
    expect(publicOperations.length).toBeGreaterThan(3);

    for (const { method, path } of publicOperations) {
      const { status } = await service.ask(method, path, undefined, KEYS);
      expect([path, status === 200 || status === 503]).toEqual([path, true]);
    }
  });
});

test("an administrator does all of it, for everybody", async () => {
  for (const operation of operations) {
    const asked = operation.sample.isEndless ? { ...operation, method: "HEAD" } : operation;
    const { status, json } = await askWith(rows.keys.admin, asked, operation.sample.body?.(rows));

    expect([operation.name, status, json.detail]).toEqual([
      operation.name,
      operation.sample.status ?? 200,
      status < 400 ? undefined : expect.anything(),
    ]);
  }
});

/** As it stands: `fetch` tidies paths before it sends them. */
async function askRaw(method: string, path: string): Promise<{ status: number }> {
  const { hostname, port } = new URL(service.url);
  const chunks: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_, chunk) => void chunks.push(Buffer.from(chunk)),
      close: () => resolve(),
      error: () => resolve(),
    },
  });
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  await promise;
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(Buffer.concat(chunks).toString())?.[1]) };
}
