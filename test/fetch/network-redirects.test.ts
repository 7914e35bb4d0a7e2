import { afterAll, beforeEach, expect, test } from "bun:test";
import { createAddressPolicy } from "../../src/fetch/address-policy.ts";
import { failureOf, openNetwork, serveRaw, textOf } from "./network.ts";

const seen: { host: string | null; path: string; headers: Headers; port: number }[] = [];
const site = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const { pathname, searchParams } = new URL(request.url);
    seen.push({
      host: request.headers.get("host"),
      path: pathname,
      headers: request.headers,
      port: server.requestIP(request)?.port ?? 0,
    });
    const to = searchParams.get("to");
    if (to !== null) {
      return new Response("moved", { status: Number(searchParams.get("status") ?? 302), headers: { location: to } });
    }
    const count = /^\/count\/(\d+)$/.exec(pathname);
    if (count && count[1] !== "0") return Response.redirect(`/count/${Number(count[1]) - 1}`, 301);
    if (pathname === "/ping") return Response.redirect("/pong", 302);
    if (pathname === "/pong") return Response.redirect("/ping#again", 302);
    if (pathname === "/self") return Response.redirect("/self", 302);
    return new Response(`at ${pathname}`);
  },
});
const { fetch, close } = openNetwork();
const at = (path: string, host = "site.test") => `http://${host}:${site.port}${path}`;
const to = (target: string, status = 302) => at(`/from?status=${status}&to=${encodeURIComponent(target)}`);

beforeEach(() => {
  seen.length = 0;
});
afterAll(() => {
  close();
  site.stop(true);
});

test.each([301, 302, 303, 307, 308])("%p is followed, and the hop is kept", async (status) => {
  const response = await fetch({ url: to("/there", status) });

  expect(response.url).toBe(at("/there"));
  expect(textOf(response)).toBe("at /there");
  expect(response.redirects).toEqual([{ url: to("/there", status), status, location: at("/there") }]);
});

test.each([300, 304, 305, 399, 200])("%p is a response, whatever its Location says", async (status) => {
  const response = await fetch({ url: to("/there", status) });

  expect(response).toMatchObject({ status, redirects: [] });
  expect(response.location).toBeUndefined();
});

test("all hops to one host use one connection", async () => {
  await fetch({ url: at("/count/5") });

  expect(seen.length).toBe(6);
  expect(new Set(seen.map(({ port }) => port)).size).toBe(1);
});

test("with no redirects to follow, the 3xx comes back with its absolute target and its body", async () => {
  const response = await fetch({ url: to("/there"), maxRedirects: 0 });

  expect(response).toMatchObject({ status: 302, location: at("/there"), redirects: [], isBodyRead: true });
  expect(textOf(response)).toBe("moved");
  expect(seen.length).toBe(1);
});

test("ten redirects are followed and the eleventh is not, unless the request says otherwise", async () => {
  expect((await fetch({ url: at("/count/10") })).redirects.length).toBe(10);
  expect((await failureOf(fetch({ url: at("/count/11") }))).code).toBe("too_many_redirects");
  expect((await fetch({ url: at("/count/2"), maxRedirects: 2 })).status).toBe(200);

  const failure = await failureOf(fetch({ url: at("/count/3"), maxRedirects: 2 }));
  expect(failure).toMatchObject({ code: "too_many_redirects", isRetryable: false });
  expect(failure.message).toBe(
    `More than 2 redirects in a row: ${[3, 2, 1, 0].map((left) => at(`/count/${left}`)).join(" → ")}`,
  );
});

test("a loop is named with its chain, however it is spelled", async () => {
  const failure = await failureOf(fetch({ url: at("/ping") }));

  expect(failure).toMatchObject({ code: "redirect_loop", isRetryable: false });
  expect(failure.message).toBe(`The redirects go round in a circle: ${at("/ping")} → ${at("/pong")} → ${at("/ping")}`);
  expect((await failureOf(fetch({ url: at("/self") }))).code).toBe("redirect_loop");
});

test.each([
  ["/abs?x=1#frag", "/abs?x=1"],
  ["rel", "/rel"],
  ["./a/../b", "/b"],
  ["//other.test/x", "http://other.test/x"],
  ["  /padded  ", "/padded"],
  ["?q", "/from?q"],
  ["#only", undefined],
  ["\\back\\slash", "/back/slash"],
])("the Location %p leads to %p", async (location, target) => {
  const response = await fetch({ url: to(location), maxRedirects: 0 });

  const expected = target === undefined ? to(location) : new URL(target, at("/")).href;
  expect(response.location).toBe(expected);
});

test.each([
  ["UTF-8", Buffer.from("/café/日本?q=é"), "/caf%C3%A9/%E6%97%A5%E6%9C%AC?q=%C3%A9"],
  ["Latin-1", Buffer.from("/caf\xe9", "latin1"), "/caf%E9"],
  ["an IDN host", Buffer.from("http://bücher.test/"), "http://xn--bcher-kva.test/"],
])("a Location in %s keeps its bytes", async (_, bytes, target) => {
  using server = serveRaw((connection) => {
    connection.write(
      Buffer.concat([
        Buffer.from("HTTP/1.1 301 Moved\r\nLocation: "),
        bytes,
        Buffer.from("\r\nContent-Length: 0\r\n\r\n"),
      ]),
    );
  });

  const response = await fetch({ url: server.url, maxRedirects: 0 });

  expect(response.location).toBe(new URL(target, server.url).href);
});

test("a Location that is no URL fails and is quoted, cut to a bearable length", async () => {
  const failure = await failureOf(fetch({ url: to("http://[bad") }));
  expect(failure).toMatchObject({ code: "bad_redirect", isRetryable: false });
  expect(failure.message).toBe(`site.test:${site.port} redirects /from to "http://[bad", which is no URL`);

  const long = await failureOf(fetch({ url: to(`http://[${"x".repeat(5_000)}`) }));
  expect(long.message.length).toBeLessThan(400);
});

test("every hop is checked again: scheme, credentials, name, port and address", async () => {
  const guarded = openNetwork({
    policy: createAddressPolicy({ allow: [`site.test:${site.port}`] }),
    lookup: async (name) => (name === "inside.test" ? ["10.0.0.1"] : ["127.0.0.1"]),
  });

  const outcomes = [
    ["file:///etc/passwd", "blocked_scheme"],
    ["javascript:alert(1)", "blocked_scheme"],
    ["http://user:pass@site.test/", "bad_url"],
    [`http://127.0.0.1:${site.port}/`, "blocked_port"],
    ["http://127.0.0.1/", "blocked_address"],
    ["http://0x7f.1/", "blocked_address"],
    ["http://[::ffff:169.254.169.254]/", "blocked_address"],
    ["http://localhost/", "blocked_address"],
    ["http://metadata.google.internal/", "blocked_address"],
    ["http://inside.test/", "blocked_address"],
    ["http://example.com:6379/", "blocked_port"],
  ];
  const codes: string[][] = [];
  for (const [location = ""] of outcomes) {
    codes.push([location, (await failureOf(guarded.fetch({ url: to(location) }))).code]);
  }
  expect(codes).toEqual(outcomes);
  expect(new Set(seen.map(({ path }) => path))).toEqual(new Set(["/from"]));
  guarded.close();
});

test("credentials go no further than the origin they were meant for", async () => {
  const headers = { Authorization: "Bearer x", cookie: "a=b", "Proxy-Authorization": "y", "X-Plain": "z" };

  await fetch({ url: to("/same"), headers });
  await fetch({ url: to(at(`/from?to=${encodeURIComponent(at("/back"))}`, "other.test")), headers });

  const credentials = seen.map(({ host, path, headers }) => [
    `${host?.split(":")[0]}${path}`,
    headers.get("authorization"),
    headers.get("cookie"),
    headers.get("x-plain"),
  ]);
  expect(credentials).toEqual([
    ["site.test/from", "Bearer x", "a=b", "z"],
    ["site.test/same", "Bearer x", "a=b", "z"],
    ["site.test/from", "Bearer x", "a=b", "z"],
    ["other.test/from", null, null, "z"],
    ["site.test/back", null, null, "z"],
  ]);
  expect(seen.some(({ headers }) => headers.has("proxy-authorization"))).toBe(true);
});
