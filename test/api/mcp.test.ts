import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import type { Permission } from "../../src/db/schema/users.ts";
import { createWeb, silence } from "../crawl/web.ts";
import { testStores } from "../testing/stores.ts";
import { noStore, type RunningService, startService } from "./running-service.ts";

const BOTH = { accept: "application/json, text/event-stream" };
const JSON_ONLY = { accept: "application/json" };
const INITIALIZE = {
  ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};
const LIST = { jsonrpc: "2.0", id: 2, method: "tools/list" };

type Listed = { result: { tools: { name: string }[] } };

describe("MCP beside the API, where access is on", () => {
  let store: Store;
  let service: RunningService;
  const keys: Record<string, string> = {};
  const withKey = (name: string) => ({ authorization: `Bearer ${keys[name]}` });

  beforeAll(async () => {
    const [embedded] = testStores;
    if (!embedded) throw new Error("There is always an embedded store");
    store = await embedded.open();
    const asked = { maker: LOCAL_PRINCIPAL, userId: LOCAL_PRINCIPAL.userId, name: "k", expiresAt: null };
    for (const permission of ["read", "write", "metrics"] satisfies Permission[]) {
      keys[permission] = (await createKey(store.db, { ...asked, permissions: [permission] }, systemClock.now())).secret;
    }
    service = await startService(store, {
      isClosed: true,
      config: { AUTH: "on", CORS_ORIGINS: "https://app.example.com" },
    });
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await store.close();
  });

  test("strangers are told how to prove who they are, and keys that may not read are refused", async () => {
    const stranger = await service.ask("POST", "/mcp", LIST, BOTH);
    const wrong = await service.ask("POST", "/mcp", LIST, { ...BOTH, authorization: "Bearer nonsense" });
    const metrics = await service.ask("POST", "/mcp", LIST, { ...BOTH, ...withKey("metrics") });

    expect([stranger.status, wrong.status, metrics.status]).toEqual([401, 401, 403]);
    expect(stranger.headers.get("www-authenticate")).toStartWith('Bearer realm="orbweaver"');
    expect(wrong.headers.get("www-authenticate")).toContain('error="invalid_token"');
    expect(metrics.headers.get("www-authenticate")).toContain('scope="read"');
  });

  test("a key sees the tools that it may use, and may not use others", async () => {
    const names = async (key: string) => {
      const { json } = await service.ask("POST", "/mcp", LIST, { ...JSON_ONLY, ...withKey(key) });
      return (json as unknown as Listed).result.tools.map(({ name }) => name);
    };
    const [reading, writing] = [await names("read"), await names("write")];

    const params = { name: "crawl", arguments: { url: "https://example.com/" } };
    const call = { ...LIST, method: "tools/call", params };
    const { json } = await service.ask("POST", "/mcp", call, { ...JSON_ONLY, ...withKey("read") });

    expect(reading).toContain("search");
    expect(reading).not.toContain("crawl");
    expect(writing).toEqual(expect.arrayContaining([...reading, "crawl"]));
    expect(JSON.stringify(json)).toContain("permission");
    expect(json).not.toMatchObject({ result: { structuredContent: {} } });
  });

  test("a session is its key's alone, though another key is of the same user", async () => {
    const begun = await service.ask("POST", "/mcp", INITIALIZE, { ...BOTH, ...withKey("read") });
    const session = { "mcp-session-id": begun.headers.get("mcp-session-id") ?? "" };

    const other = await service.ask("POST", "/mcp", LIST, { ...BOTH, ...session, ...withKey("write") });
    const own = await service.ask("POST", "/mcp", LIST, { ...BOTH, ...session, ...withKey("read") });

    expect([begun.status, other.status, own.status]).toEqual([200, 404, 200]);
  });

  test("pages of other origins are refused, but for those that are named", async () => {
    const from = async (origin: string) =>
      (await service.ask("POST", "/mcp", LIST, { ...BOTH, ...withKey("read"), origin })).status;

    const statuses = {
      evil: await from("https://evil.example.com"),
      opaque: await from("null"),
      named: await from("https://app.example.com"),
      own: await from(service.url),
      otherPort: await from("http://localhost:1"),
    };

    expect(statuses).toEqual({ evil: 403, opaque: 403, named: 200, own: 200, otherPort: 403 });
  });

  test("a browser's page that may use it learns which headers it may send and read", async () => {
    const asked = { origin: "https://app.example.com", "access-control-request-method": "POST" };
    const preflight = await service.ask("OPTIONS", "/mcp", undefined, asked);
    const answer = await service.ask("POST", "/mcp", LIST, { ...BOTH, ...withKey("read"), origin: asked.origin });

    expect(preflight.headers.get("access-control-allow-headers")).toContain("Mcp-Session-Id");
    expect(preflight.headers.get("access-control-allow-methods")).toContain("DELETE");
    expect(answer.headers.get("access-control-expose-headers")).toContain("Mcp-Session-Id");
  });

  test("bodies that are too large, no JSON or of another type are refused before anything is done", async () => {
    const headers = { ...BOTH, ...withKey("read") };
    const large = await service.ask("POST", "/mcp", JSON.stringify({ ...LIST, more: "x".repeat(1_100_000) }), {
      ...headers,
      "content-type": "application/json",
    });
    const broken = await service.ask("POST", "/mcp", '{"jsonrpc"', { ...headers, "content-type": "application/json" });
    const typed = await service.ask("POST", "/mcp", "a=1", { ...headers, "content-type": "text/plain" });
    const deep = await service.ask("POST", "/mcp", `${'{"a":'.repeat(90)}1${"}".repeat(90)}`, {
      ...headers,
      "content-type": "application/json",
    });

    expect([large.status, broken.status, typed.status, deep.status]).toEqual([413, 400, 415, 400]);
  });

  test("methods that it does not take are a 405 that names the others", async () => {
    const put = await service.ask("PUT", "/mcp", LIST, withKey("read"));
    const head = await service.ask("HEAD", "/mcp", undefined, withKey("read"));
    const alone = await service.ask("GET", "/mcp", undefined, { ...withKey("read"), accept: "text/event-stream" });

    expect([put.status, head.status, alone.status]).toEqual([405, 405, 405]);
    expect(put.headers.get("allow")).toContain("POST");
  });

  test("fetches by the API and by tools count together, and one that took too long is not gone on with", async () => {
    const silent = "https://docs.example.com/";
    const web = createWeb({ [silent]: silence });
    const config = { AUTH: "on", MAX_SCRAPES_PER_KEY: 1, REQUEST_TIMEOUT_MS: 1_000 } as const;
    const hasty = await startService(store, { isClosed: true, config, fetch: web.fetch });
    const call = { name: "scrape", arguments: { url: silent, allow_new_host: true } };
    const request = { ...LIST, method: "tools/call", params: call };
    const slow = hasty.ask("POST", "/mcp", request, { ...JSON_ONLY, ...withKey("write") });
    while (!web.requests.has(silent)) await Bun.sleep(1);
    const scrape = () => hasty.ask("POST", "/api/v1/scrape", { url: `${silent}nowhere` }, withKey("write"));

    const beside = await scrape();
    const late = await slow;
    const after = await scrape();
    await hasty.stop();

    expect([beside.status, beside.json.code]).toEqual([429, "too_many_scrapes"]);
    expect(late.status).toBe(504);
    expect(after.status).not.toBe(429);
  }, 30_000);

  test("the log tells which tool was called, and not with what", async () => {
    const params = { name: "search", arguments: { query: "a very private question" } };
    await service.ask("POST", "/mcp", { ...LIST, method: "tools/call", params }, { ...JSON_ONLY, ...withKey("read") });

    const lines = service.lines.filter((line) => line.includes("MCP request answered"));
    expect(lines.at(-1)).toContain('"name":"search"');
    expect(service.lines.join("\n")).not.toContain("private question");
  });
});

describe("whose tokens are taken", () => {
  const PATH = "/.well-known/oauth-protected-resource";
  const PROVIDER = { AUTH: "on", AUTH_PROVIDER: "clerk", AUTH_URL: "https://id.example.com" } as const;

  test("is told to everybody where there is a provider, and where to find that when a credential is wanted", async () => {
    const config = { ...PROVIDER, PUBLIC_URL: "https://crawl.example.com/orb/" };
    const service = await startService(noStore, { isClosed: true, config });

    const [plain, byPath] = [await service.ask("GET", PATH), await service.ask("GET", `${PATH}/mcp`)];
    const refused = await service.ask("POST", "/mcp", LIST, BOTH);
    const elsewhere = await service.ask("GET", "/api/v1/websites");
    await service.stop();

    expect(plain.json).toMatchObject({
      resource: "https://crawl.example.com/orb/mcp",
      authorization_servers: ["https://id.example.com"],
    });
    expect(byPath.json).toEqual(plain.json);
    expect(refused.headers.get("www-authenticate")).toBe(
      `Bearer realm="orbweaver", resource_metadata="https://crawl.example.com/orb${PATH}/mcp"`,
    );
    expect(elsewhere.headers.get("www-authenticate")).toBe('Bearer realm="orbweaver"');
  });

  test("is nothing to be told where there are keys alone", async () => {
    const service = await startService(noStore, {
      isClosed: true,
      config: { AUTH: "on", PUBLIC_URL: "https://a.example" },
    });

    const { status } = await service.ask("GET", PATH);
    await service.stop();

    expect(status).toBe(404);
  });
});

test("the service stops while streams are open, without waiting for them", async () => {
  const service = await startService(noStore);
  const begun = await service.ask("POST", "/mcp", INITIALIZE, BOTH);
  const session = begun.headers.get("mcp-session-id") ?? "";
  const stream = await fetch(`${service.url}/mcp`, {
    headers: { accept: "text/event-stream", "mcp-session-id": session },
  });

  const startedAt = performance.now();
  await Promise.all([service.stop(), stream.text()]);

  expect(stream.status).toBe(200);
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});
