import { afterAll, expect, test } from "bun:test";
import { createAddressPolicy } from "../../src/fetch/address-policy.ts";
import { createManualClock } from "../manual-clock.ts";
import { failureOf, openNetwork, serveRaw, textOf } from "./network.ts";

const seen: { path: string; headers: Headers; port: number }[] = [];
const site = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const { pathname, search } = new URL(request.url);
    const port = server.requestIP(request)?.port ?? 0;
    seen.push({ path: pathname + search, headers: request.headers, port });
    if (pathname === "/missing") return new Response("gone", { status: 404 });
    if (pathname === "/etag") return new Response(null, { status: 304, headers: { etag: '"1"' } });
    if (pathname === "/gzip") {
      return new Response(Bun.gzipSync(Buffer.from("packed ".repeat(1_000))), {
        headers: { "content-encoding": "gzip" },
      });
    }
    if (pathname === "/port") return new Response(String(port));
    return new Response("hello");
  },
});
const { fetch, close } = openNetwork();
const at = (path: string, host = "site.test") => `http://${host}:${site.port}${path}`;

afterAll(() => {
  close();
  site.stop(true);
});

test("a page comes back with its status, headers, body and measures", async () => {
  const response = await fetch({ url: at("/a?b=c#d") });

  expect(response).toMatchObject({ url: at("/a?b=c"), status: 200, isBodyRead: true, wireBytes: 5, redirects: [] });
  expect(response.location).toBeUndefined();
  expect(textOf(response)).toBe("hello");
  expect(response.headers.get("content-length")).toBe("5");
  expect(response.latencyMs).toBeWithin(0, response.durationMs);
});

test("the server is told the name, not the address, and no more than it needs", async () => {
  seen.length = 0;

  await fetch({ url: at("/") });

  expect(Object.fromEntries(seen[0]?.headers ?? [])).toEqual({
    accept: expect.stringContaining("text/html"),
    "accept-encoding": "br, zstd, gzip, deflate",
    connection: "keep-alive",
    host: `site.test:${site.port}`,
    "user-agent": "Orbweaver/test",
  });
});

test("a caller's headers are sent, but those that would undo the guard or the framing are not", async () => {
  seen.length = 0;

  const headers = {
    Accept: "text/plain",
    "If-None-Match": '"1"',
    HOST: "evil.test",
    "Content-Length": "9",
    "Accept-Encoding": "x",
  };
  await fetch({ url: at("/"), headers });

  const sent = seen[0]?.headers;
  expect(sent?.get("accept")).toBe("text/plain");
  expect(sent?.get("if-none-match")).toBe('"1"');
  expect(sent?.get("host")).toBe(`site.test:${site.port}`);
  expect(sent?.get("content-length")).toBeNull();
  expect(sent?.get("accept-encoding")).toBe("br, zstd, gzip, deflate");
});

test("a header that would split the request is refused", async () => {
  seen.length = 0;

  for (const [name, value] of [
    ["x-a", "b\r\nx-c: d"],
    ["x-a", "日本"],
    ["x a", "b"],
    ["x-a\r\nx-c", "d"],
  ] as const) {
    const failure = await failureOf(fetch({ url: at("/"), headers: { [name]: value } }));
    expect(failure.message).toEndWith("can't be sent: it has a character that none may have");
  }
  expect(seen).toEqual([]);
});

test("an error status is a response like any other", async () => {
  const response = await fetch({ url: at("/missing") });

  expect([response.status, textOf(response)]).toEqual([404, "gone"]);
});

test("304 is a response without a body, and no redirect", async () => {
  const response = await fetch({ url: at("/etag"), headers: { "if-none-match": '"1"' } });

  expect(response).toMatchObject({ status: 304, wireBytes: 0 });
  expect(response.body.byteLength).toBe(0);
});

test("a compressed body is decoded, and counted as it came over the wire", async () => {
  const response = await fetch({ url: at("/gzip") });

  expect(response.body.byteLength).toBe(7_000);
  expect(response.wireBytes).toBeLessThan(200);
});

test("a body that is not wanted is left unread, and its connection serves the next request", async () => {
  const asked: number[] = [];
  seen.length = 0;
  const unread = await fetch({
    url: at("/port"),
    wantsBody: ({ status, headers }) => {
      asked.push(status, Number(headers.get("content-length")));
      return false;
    },
  });

  expect(unread).toMatchObject({ status: 200, isBodyRead: false, wireBytes: 0 });
  expect(unread.body.byteLength).toBe(0);
  expect(asked).toEqual([200, 5]);
  await fetch({ url: at("/") });
  expect(seen.length).toBe(2);
  expect(seen[1]?.port).toBe(seen[0]?.port ?? 0);
});

test("requests one after another share a connection, to one name as to an address", async () => {
  for (const host of ["reuse.test", "127.0.0.1"]) {
    const ports = new Set<string>();
    for (let run = 0; run < 5; run += 1) ports.add(textOf(await fetch({ url: at("/port", host) })));
    expect(ports.size).toBe(1);
  }
});

test("the connection goes to the address that was checked, whatever the name says later", async () => {
  const inside = serveRaw((connection) => connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"));
  const answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]];
  const clock = createManualClock();
  const rebound = openNetwork({
    clock,
    policy: createAddressPolicy({ allow: ["127.0.0.1/32"] }),
    lookup: async () => answers.shift() ?? [],
  });
  const url = `http://rebind.test:${inside.port}/`;

  expect(textOf(await rebound.fetch({ url }))).toBe("secret");
  // The name has not been asked for again, and so has not had the chance to lie.
  expect(textOf(await rebound.fetch({ url }))).toBe("secret");
  expect(answers.length).toBe(2);
  await clock.advance(60_000);
  expect(await failureOf(rebound.fetch({ url }))).toMatchObject({ code: "blocked_address", isRetryable: false });

  rebound.close();
  inside.stop();
});

test("no connection is opened when any of a name's addresses is refused", async () => {
  using server = serveRaw((connection) => connection.end());
  const mixed = openNetwork({
    policy: createAddressPolicy({ allow: ["127.0.0.1"] }),
    lookup: async () => ["127.0.0.1", "10.0.0.1"],
  });

  const failure = await failureOf(mixed.fetch({ url: server.url }));

  expect(failure).toMatchObject({ code: "blocked_address", isRetryable: false });
  expect(failure.message).toContain("site.test is 10.0.0.1, which is a private address");
  expect(server.opened()).toBe(0);
  mixed.close();
});

test("the next address is tried when one refuses, and the one that answered comes first from then on", async () => {
  const network = openNetwork({ lookup: async () => ["127.0.0.3", "127.0.0.2", "127.0.0.1"] });

  const first = await network.fetch({ url: at("/port") });
  const second = await network.fetch({ url: at("/port") });

  expect(first.status).toBe(200);
  expect(textOf(second)).toBe(textOf(first));
  network.close();
});

test("an address that says nothing is left for the next after the time to connect", async () => {
  // Bound to another loopback address, on the same port as the site: it takes the connection and stays silent.
  const silent = Bun.listen({ hostname: "127.0.0.2", port: site.port ?? 0, socket: { data() {} } });
  const network = openNetwork({
    lookup: async () => ["127.0.0.2", "127.0.0.1"],
    timeouts: { connectMs: 50, headersMs: 5_000, totalMs: 5_000 },
  });

  const response = await network.fetch({ url: at("/") });

  expect(textOf(response)).toBe("hello");
  expect(response.durationMs).toBeWithin(49, 2_000);
  silent.stop(true);
  network.close();
});

test("an address that has answered before may take its time, though the name has others", async () => {
  let delayMs = 0;
  const slow = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch() {
      await Bun.sleep(delayMs);
      return new Response("slow");
    },
  });
  const network = openNetwork({
    lookup: async () => ["127.0.0.1", "127.0.0.9"],
    timeouts: { connectMs: 30, headersMs: 2_000, totalMs: 2_000 },
  });
  const url = `http://slow.test:${slow.port}/`;

  await network.fetch({ url });
  delayMs = 80;

  expect(textOf(await network.fetch({ url }))).toBe("slow");
  slow.stop(true);
  network.close();
});

test("a refused connection is retryable and names host and address", async () => {
  const failure = await failureOf(fetch({ url: "http://site.test:1/" }));

  expect(failure).toMatchObject({ code: "connect", isRetryable: true });
  expect(failure.message).toBe("site.test:1 (127.0.0.1) refused the connection");
});

test("a name that does not exist fails as dns, for good; a resolver in trouble for now", async () => {
  const fail = (code: string) => async () => {
    throw Object.assign(new Error(code), { code });
  };
  const missing = openNetwork({ lookup: fail("ENOTFOUND") });
  const trouble = openNetwork({ lookup: fail("EAI_AGAIN") });

  expect(await failureOf(missing.fetch({ url: at("/") }))).toMatchObject({ code: "dns", isRetryable: false });
  expect(await failureOf(trouble.fetch({ url: at("/") }))).toMatchObject({ code: "dns", isRetryable: true });
});

test("what is no URL, or none for HTTP, is refused before anything is looked up", async () => {
  let asked = 0;
  const network = openNetwork({
    lookup: async () => {
      asked += 1;
      return ["127.0.0.1"];
    },
  });

  expect((await failureOf(network.fetch({ url: "/relative" }))).code).toBe("bad_url");
  expect((await failureOf(network.fetch({ url: "http://" }))).code).toBe("bad_url");
  expect((await failureOf(network.fetch({ url: "http://256.256.256.256/" }))).code).toBe("bad_url");
  expect((await failureOf(network.fetch({ url: "file:///etc/passwd" }))).code).toBe("blocked_scheme");
  expect((await failureOf(network.fetch({ url: "http://user:secret@site.test/" }))).code).toBe("bad_url");
  expect(asked).toBe(0);
});

test("IPv6 literals are reached where the machine has IPv6", async () => {
  let server: ReturnType<typeof Bun.serve>;
  try {
    server = Bun.serve({ hostname: "::1", port: 0, fetch: (request) => new Response(request.headers.get("host")) });
  } catch {
    return; // a machine without IPv6
  }

  expect(textOf(await fetch({ url: `http://[::1]:${server.port}/` }))).toBe(`[::1]:${server.port}`);
  const named = openNetwork({ lookup: async () => ["::1"] });
  expect(textOf(await named.fetch({ url: `http://six.test:${server.port}/` }))).toBe(`six.test:${server.port}`);
  const mapped = openNetwork({ policy: createAddressPolicy() });
  expect((await failureOf(mapped.fetch({ url: "http://[::ffff:127.0.0.1]/" }))).code).toBe("blocked_address");
  server.stop(true);
});

test("a request that is cancelled before, at the look-up, at the headers and in the body says so and lets go", async () => {
  const controller = new AbortController();
  controller.abort();
  expect((await failureOf(fetch({ url: at("/"), signal: controller.signal }))).code).toBe("cancelled");

  const asking = new AbortController();
  const unanswered = openNetwork({
    lookup: () => {
      queueMicrotask(() => asking.abort());
      return new Promise(() => {});
    },
  });
  expect((await failureOf(unanswered.fetch({ url: at("/"), signal: asking.signal }))).code).toBe("cancelled");

  const waiting = new AbortController();
  using silent = serveRaw(() => waiting.abort());
  expect((await failureOf(fetch({ url: silent.url, signal: waiting.signal }))).code).toBe("cancelled");
  await silent.allClosed();

  const reading = new AbortController();
  using half = serveRaw((connection) => connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
  const wantsBody = () => {
    queueMicrotask(() => reading.abort());
    return true;
  };
  const failure = await failureOf(fetch({ url: half.url, signal: reading.signal, wantsBody }));
  expect(failure).toMatchObject({ code: "cancelled", isRetryable: false });
  await half.allClosed();
});

test("a caller's signal keeps no listener after the request", async () => {
  let listeners = 0;
  const { signal } = new AbortController();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...parameters: Parameters<typeof add>) => {
    listeners += 1;
    add(...parameters);
  };
  signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...parameters);
  };

  await fetch({ url: at("/"), signal });
  await failureOf(fetch({ url: "http://site.test:1/", signal }));

  expect(listeners).toBe(0);
});
