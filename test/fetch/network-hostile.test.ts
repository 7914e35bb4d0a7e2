import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { failureOf, openNetwork, serveEndless, serveRaw, textOf } from "./network.ts";

const { fetch } = openNetwork();
const hurried = openNetwork({ timeouts: { connectMs: 100, headersMs: 100, totalMs: 250 } });
const ok = "HTTP/1.1 200 OK\r\n";

test.each([
  ["HTTP/0.9", "<html>hello</html>"],
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"],
  ["a negative length", `${ok}Content-Length: -5\r\n\r\nabc`],
  ["a length that is no number", `${ok}Content-Length: many\r\n\r\nabc`],
  ["two lengths", `${ok}Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde`],
  ["chunk sizes that are no numbers", `${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`],
  ["a thousand headers", `${ok}${"X-Filler: a\r\n".repeat(1_000)}\r\n`],
])("%s is no HTTP that can be read", async (_, bytes) => {
  using server = serveRaw((connection) => connection.write(bytes));

  const failure = await failureOf(fetch({ url: server.url }));

  expect(failure).toMatchObject({ code: "protocol", isRetryable: false });
  expect(failure.message).toStartWith(`site.test:${server.port} (127.0.0.1) did not answer in HTTP (`);
  await server.allClosed();
});

test.each([
  ["before the headers", ""],
  ["in the headers", `${ok}Content-Le`],
  ["in a counted body", `${ok}Content-Length: 100\r\n\r\nhalf`],
  ["in a chunk", `${ok}Transfer-Encoding: chunked\r\n\r\n64\r\nhalf`],
  ["between chunks", `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
])("a connection that ends %s is retryable", async (_, bytes) => {
  for (const how of ["end", "reset"] as const) {
    using server = serveRaw((connection) => {
      connection.write(bytes);
      connection[how]();
    });

    expect(await failureOf(fetch({ url: server.url }))).toMatchObject({ code: "connect", isRetryable: true });
  }
});

test("a body without a length ends with its connection", async () => {
  using server = serveRaw((connection) => {
    connection.write(`${ok}\r\nall of it`);
    connection.end();
  });

  expect(textOf(await fetch({ url: server.url }))).toBe("all of it");
});

test("what follows a counted body is not part of it, and never the next answer", async () => {
  using server = serveRaw((connection, request) => {
    const path = request.split(" ")[1];
    connection.write(
      `${ok}Content-Length: ${path?.length}\r\n\r\n${path}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
    );
  });

  expect(textOf(await fetch({ url: `${server.url}one` }))).toBe("/one");
  expect(textOf(await fetch({ url: `${server.url}two` }))).toBe("/two");
});

test("a server that never answers is left after the headers' time", async () => {
  using server = serveRaw((connection) => connection.write(`${ok}Content-Le`));

  const failure = await failureOf(hurried.fetch({ url: server.url }));

  expect(failure).toMatchObject({ code: "timeout", isRetryable: true });
  expect(failure.message).toBe(`site.test:${server.port} (127.0.0.1) sent no complete headers within 100 ms`);
  await server.allClosed();
});

test("a body that drips is left after the total time", async () => {
  const timers: Timer[] = [];
  using server = serveRaw((connection) => {
    connection.write(`${ok}Content-Length: 1000\r\n\r\n`);
    timers.push(setInterval(() => connection.write("."), 10));
  });

  const failure = await failureOf(hurried.fetch({ url: server.url }));

  for (const timer of timers) clearInterval(timer);
  expect(failure).toMatchObject({ code: "timeout", isRetryable: true });
  expect(failure.message).toBe(`The answer from site.test:${server.port} was not complete after 250 ms`);
  await server.allClosed();
});

test("headers that drip are left after the headers' time", async () => {
  const timers: Timer[] = [];
  using server = serveRaw((connection) => {
    connection.write(ok);
    timers.push(setInterval(() => connection.write("X: y\r\n"), 10));
  });

  const failure = await failureOf(hurried.fetch({ url: server.url }));

  for (const timer of timers) clearInterval(timer);
  expect(failure.message).toEndWith("sent no complete headers within 100 ms");
});

test("redirects without end are left after the total time at the latest", async () => {
  let hops = 0;
  using server = serveRaw((connection) => {
    hops += 1;
    setTimeout(() => connection.write(`HTTP/1.1 302 Found\r\nLocation: /${hops}\r\nContent-Length: 0\r\n\r\n`), 60);
  });

  const failure = await failureOf(hurried.fetch({ url: server.url }));

  expect(failure.message).toBe(`The answer from site.test:${server.port} was not complete after 250 ms`);
  expect(hops).toBeWithin(2, 7);
});

test("a body that promises too much is refused before any of it is read", async () => {
  using server = serveRaw((connection) => connection.write(`${ok}Content-Length: 1000001\r\n\r\nx`));

  const failure = await failureOf(fetch({ url: server.url }));

  expect(failure).toMatchObject({ code: "too_large", isRetryable: false });
  expect(failure.message).toBe(
    `The body from site.test:${server.port} is 1000001 bytes, and the limit is 1000000 bytes`,
  );
  await server.allClosed();
});

test("an endless body costs its limit, what the sockets hold, and a connection that is closed", async () => {
  using server = serveEndless(`${ok}\r\n`, "x".repeat(65_536));

  const failure = await failureOf(fetch({ url: server.url }));

  expect(failure).toMatchObject({ code: "too_large", isRetryable: false });
  await server.closed;
  expect(server.sentBytes()).toBeLessThan(30_000_000);
});

test("an endless body that nobody wants is not read", async () => {
  using server = serveEndless(`${ok}\r\n`, "x".repeat(65_536));

  const response = await fetch({ url: server.url, wantsBody: () => false });

  expect(response).toMatchObject({ status: 200, isBodyRead: false, wireBytes: 0 });
  await server.closed;
  expect(server.sentBytes()).toBeLessThan(30_000_000);
});

test("a redirect with an endless body is followed all the same", async () => {
  using server = serveRaw((connection, request) => {
    if (request.startsWith("GET /there")) connection.write(`${ok}Content-Length: 5\r\n\r\nthere`);
    else connection.write(`HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n${"x".repeat(100_000)}`);
  });

  expect(textOf(await fetch({ url: server.url }))).toBe("there");
});

test("a redirect to nowhere with an endless body is let go", async () => {
  using server = serveEndless("HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n", "x".repeat(65_536));

  expect((await failureOf(fetch({ url: server.url }))).code).toBe("bad_redirect");

  await server.closed;
  expect(server.sentBytes()).toBeLessThan(30_000_000);
});

test("a body that is promised and never comes holds up neither a redirect nor a reader who wants none", async () => {
  using server = serveRaw((connection, request) => {
    if (request.startsWith("GET /there")) connection.write(`${ok}Content-Length: 100\r\n\r\n`);
    else connection.write("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 100\r\n\r\n");
  });

  const response = await fetch({ url: server.url, wantsBody: () => false });

  expect(response).toMatchObject({ status: 200, url: `${server.url}there`, isBodyRead: false });
  expect(response.durationMs).toBeWithin(0, 1_500);
  await server.allClosed();
});

test.each([
  ["many", "X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(1_000)],
  ["one without end", "a".repeat(65_536)],
])("endless headers (%s) are cut off by the runtime's bound", async (_, chunk) => {
  using server = serveEndless(`${ok}X: `, chunk);

  const failure = await failureOf(fetch({ url: server.url }));

  expect(failure).toMatchObject({ code: "protocol", isRetryable: false });
  await server.closed;
  expect(server.sentBytes()).toBeLessThan(30_000_000);
});

test("interim answers without end are left after the headers' time, and cost no memory", async () => {
  using server = serveEndless(
    "",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n".repeat(100),
    50_000_000,
  );

  const before = process.memoryUsage().rss;

  const failure = await failureOf(hurried.fetch({ url: server.url }));

  expect(failure).toMatchObject({ code: "timeout", isRetryable: true });
  expect(process.memoryUsage().rss - before).toBeLessThan(30_000_000);
});

test("a small compressed body that unpacks beyond the limit is refused", async () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  using server = serveRaw((connection) => {
    connection.write(`${ok}Content-Encoding: gzip\r\nContent-Length: ${bomb.byteLength}\r\n\r\n`);
    connection.write(bomb);
  });

  const failure = await failureOf(fetch({ url: server.url }));

  expect(failure.code).toBe("too_large");
  expect(failure.message).toBe(
    `The body from site.test:${server.port} is longer once its gzip is undone, and the limit is 1000000 bytes`,
  );
});

test("a request's own limit goes before the fetcher's", async () => {
  using server = serveRaw((connection) => connection.write(`${ok}Content-Length: 5\r\n\r\nhello`));

  expect((await failureOf(fetch({ url: server.url, maxBytes: 4 }))).code).toBe("too_large");
  expect((await fetch({ url: server.url, maxBytes: 5 })).wireBytes).toBe(5);
});
