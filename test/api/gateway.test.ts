import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { Config } from "../../src/config/settings.ts";
import { FetchError } from "../../src/fetch/fetch.ts";
import { askRaw } from "./raw-connection.ts";
import { noStore, type RunningService, startService, storeOver } from "./running-service.ts";

const APP = "https://app.example.com";

let service: RunningService;

beforeAll(async () => {
  service = await startService(noStore, { config: { CORS_ORIGINS: `${APP}, http://localhost:*` } });
});
afterAll(() => service.stop());

async function withService(config: Partial<Config>, run: (service: RunningService) => Promise<void>): Promise<void> {
  const other = await startService(noStore, { config });
  try {
    await run(other);
  } finally {
    await other.stop();
  }
}

describe("pages of other origins", () => {
  test("are told before a request what they may ask of a path", async () => {
    const ask = { origin: APP, "access-control-request-method": "POST" };

    const { status, headers, text } = await service.ask("OPTIONS", "/api/v1/websites", undefined, ask);

    expect([status, text]).toEqual([204, ""]);
    expect(headers.get("access-control-allow-origin")).toBe(APP);
    expect(headers.get("access-control-allow-methods")).toBe("POST, GET, HEAD, OPTIONS");
    expect(headers.get("access-control-allow-headers")).toContain("Authorization, Content-Type, Idempotency-Key");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    expect(headers.get("vary")).toContain("Origin");
  });

  test("may read answers and errors, and the headers that tell of them", async () => {
    for (const path of ["/health", "/swagger/json", "/api/v1/nowhere", "/api/v1/pages/nonsense"]) {
      const { headers } = await service.ask("GET", path, undefined, { origin: APP });

      expect(headers.get("access-control-allow-origin")).toBe(APP);
      expect(headers.get("access-control-expose-headers")).toContain("X-Request-Id");
      expect(headers.get("vary")).toContain("Origin");
    }
  });

  test("are admitted from any port where the setting says so", async () => {
    const { headers } = await service.ask("GET", "/health", undefined, { origin: "http://localhost:5173" });

    expect(headers.get("access-control-allow-origin")).toBe("http://localhost:5173");
  });

  test("get nothing when they are not named", async () => {
    const others = ["https://evil.example", `${APP}.evil.example`, `${APP}:8443`, "null", "http://localhost.evil:1"];
    for (const origin of others) {
      const ask = { origin, "access-control-request-method": "POST" };

      const preflight = await service.ask("OPTIONS", "/api/v1/websites", undefined, ask);
      const answer = await service.ask("GET", "/health", undefined, { origin });

      for (const { headers } of [preflight, answer]) expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(preflight.headers.get("access-control-allow-methods")).toBeNull();
    }
  });

  test("are all admitted by *, but not to a service that trusts whoever is at the keyboard", async () => {
    await withService({ CORS_ORIGINS: "*", HOST: "0.0.0.0" }, async (open) => {
      const { headers } = await open.ask("GET", "/health", undefined, { origin: "https://any.example" });

      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("vary") ?? "").not.toContain("Origin");
    });
    await withService({ CORS_ORIGINS: "*" }, async (loopback) => {
      const { headers } = await loopback.ask("GET", "/health", undefined, { origin: "https://any.example" });

      expect(headers.get("access-control-allow-origin")).toBeNull();
    });
  });
});

test("OPTIONS tells the methods of a path, and is a 404 where there is nothing", async () => {
  const there = await service.ask("OPTIONS", "/api/v1/websites");
  const nowhere = await service.ask("OPTIONS", "/api/v1/nowhere");

  expect([there.status, there.headers.get("allow")]).toEqual([204, "POST, GET, HEAD, OPTIONS"]);
  expect(nowhere.status).toBe(404);
});

test("HEAD says what GET would, without a body, also of what would be compressed", async () => {
  for (const path of ["/health", "/swagger", "/swagger/swagger-ui.css", "/api/v1/nowhere"]) {
    const get = await service.ask("GET", path, undefined, { "accept-encoding": "identity" });
    const head = await service.ask("HEAD", path, undefined, { "accept-encoding": "identity" });

    expect([head.status, head.text]).toEqual([get.status, ""]);
    for (const name of ["content-type", "content-length", "content-encoding", "vary", "cache-control"])
      expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
  }
  const packed = await service.ask("HEAD", "/swagger/swagger-ui.css", undefined, { "accept-encoding": "gzip" });

  expect(packed.headers.get("content-encoding")).toBe("gzip");
});

describe("compression", () => {
  const plain = async () =>
    (await service.ask("GET", "/swagger/json", undefined, { "accept-encoding": "identity" })).text;
  const ask = async (accepted: string, path = "/swagger/json") => {
    const headers = { "accept-encoding": accepted };
    const response = await fetch(service.url + path, { headers, decompress: false });
    return { headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) };
  };

  test("is what the client likes best, and of equals what costs least", async () => {
    const accepted = { "gzip, deflate, br, zstd": "zstd", "gzip, br": "br", "gzip;q=1, br;q=0.5": "gzip", "*": "zstd" };
    for (const [accept, encoding] of Object.entries(accepted))
      expect((await ask(accept)).headers.get("content-encoding")).toBe(encoding);
    for (const accept of ["identity", "deflate", "gzip;q=0"])
      expect((await ask(accept)).headers.get("content-encoding")).toBeNull();
  });

  test("unpacks to what it was", async () => {
    const expected = await plain();

    const [zstd, br, gzip] = [await ask("zstd"), await ask("br"), await ask("gzip")];

    expect(new TextDecoder().decode(Bun.zstdDecompressSync(zstd.bytes))).toBe(expected);
    expect(brotliDecompressSync(br.bytes).toString()).toBe(expected);
    expect(gunzipSync(gzip.bytes).toString()).toBe(expected);
    for (const { headers, bytes } of [zstd, br, gzip]) {
      expect(bytes.length).toBeLessThan(expected.length / 2);
      expect(headers.get("vary")).toContain("Accept-Encoding");
    }
  });

  test("leaves alone what is small or compressed already", async () => {
    expect((await ask("gzip", "/api/v1/nowhere")).headers.get("content-encoding")).toBeNull();
    expect((await ask("gzip", "/swagger/icon.png")).headers.get("content-encoding")).toBeNull();
  });
});

test("a request that takes too long is told so in time, and what works on it is stopped", async () => {
  let reason: unknown;
  const fetchForEver = ({ signal }: { signal?: AbortSignal }) =>
    new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => {
        reason = signal.reason;
        reject(new FetchError("timeout", "stopped"));
      });
    });
  const unanswered: unknown = new Proxy(() => {}, {
    get: (_, name) => (name === "then" ? () => {} : () => unanswered),
  });
  const slow = storeOver(noStore, unanswered);
  const waiting = await startService(slow, { config: { REQUEST_TIMEOUT_MS: 1_000 }, fetch: fetchForEver });

  const scraping = waiting.ask("POST", "/api/v1/scrape", { url: "https://x.example/", timeout_ms: 1_500 });
  const late = await waiting.ask("GET", `/api/v1/pages/${Bun.randomUUIDv7()}/document`, undefined, {
    "x-request-id": "r1",
  });
  const scraped = await scraping;

  expect([late.status, late.json.code, late.json.request_id]).toEqual([504, "timeout", "r1"]);
  expect(late.headers.get("x-content-type-options")).toBe("nosniff");
  expect(late.headers.get("x-request-id")).toBe("r1");
  expect(waiting.lines.join("")).toContain("request timed out");
  // A scrape keeps to the time it was given.
  expect([scraped.status, scraped.json.code]).toEqual([504, "timeout"]);
  expect(String(reason)).not.toContain("request took too long");
  await waiting.stop();
});

test("every answer has the request's id, whatever becomes of the request", async () => {
  const asked: [string, string, unknown?][] = [
    ["GET", "/health"],
    ["HEAD", "/health"],
    ["GET", "/swagger"],
    ["GET", "/nowhere"],
    ["PUT", "/api/v1/websites"],
    ["OPTIONS", "/api/v1/websites"],
    ["POST", "/api/v1/websites", "{"],
    ["POST", "/api/v1/websites", "x".repeat(1_000_001)],
    ["GET", `/?${"x".repeat(9_000)}`],
    ["GET", "/api/v1/websites"],
  ];
  for (const [method, path, body] of asked) {
    const { status, headers, json } = await service.ask(method, path, body, { "x-request-id": "mine.1" });

    expect([path.slice(0, 40), headers.get("x-request-id")]).toEqual([path.slice(0, 40), "mine.1"]);
    if (status >= 400 && method !== "HEAD") expect(json.request_id).toBe("mine.1");
  }
});

test("a URL that is too long is a 414, and headers that are too large are a 431 of the runtime's", async () => {
  const long = await service.ask("GET", `/api/v1/pages?path_prefix=/${"x".repeat(8_000)}`);
  const large = await askRaw(service.url, `GET /health HTTP/1.1\r\nHost: x\r\nX-Large: ${"x".repeat(20_000)}\r\n\r\n`);

  expect([long.status, long.json.code]).toEqual([414, "url_too_long"]);
  expect(large.text).toStartWith("HTTP/1.1 431 ");
});

test("a proxy that is trusted says that the client came by HTTPS, and others don't", async () => {
  const forwarded = { "x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.7" };

  const unbelieved = await service.ask("GET", "/api/v1/nowhere", undefined, forwarded);

  expect(unbelieved.headers.get("strict-transport-security")).toBeNull();
  await withService({ TRUSTED_PROXIES: "127.0.0.0/8" }, async (behind) => {
    const { headers } = await behind.ask("GET", "/api/v1/nowhere", undefined, forwarded);

    expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
  });
});

test("a service is found under a name of one letter", async () => {
  await withService({ HOST: "0.0.0.0" }, async (open) => {
    const { status } = await open.ask("GET", "/swagger", undefined, { host: "a" });

    expect(status).toBe(200);
  });
});

test("answers are not stored on the way unless their route says otherwise", async () => {
  expect((await service.ask("GET", "/api/v1/nowhere")).headers.get("cache-control")).toBe("no-store");
  expect((await service.ask("GET", "/swagger")).headers.get("cache-control")).toBe("no-cache");
});

test("a client that trickles its body is cut off when the request's time is over", async () => {
  await withService({ REQUEST_TIMEOUT_MS: 1_000 }, async ({ url }) => {
    const head =
      "POST /api/v1/websites HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999";

    const { text, closedAfterMs } = await askRaw(url, `${head}\r\n\r\n`, { trickle: { text: "x", everyMs: 50 } });

    expect(text).toStartWith("HTTP/1.1 408 ");
    expect(text).toContain('"code":"slow_request"');
    expect(closedAfterMs).toBeLessThan(5_000);
  });
});

test("a client that leaves in the middle of its body is no failure of the service", async () => {
  const other = await startService(noStore);
  const head =
    "POST /api/v1/websites HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999";

  await askRaw(other.url, `${head}\r\n\r\n{"url"`, { leaveAfterMs: 100 });
  await other.stop();

  expect(other.lines.filter((line) => line.includes("request failed"))).toEqual([]);
});
