import { afterAll, expect, test } from "bun:test";
import { createSecureServer, type ServerHttp2Stream } from "node:http2";
import { join } from "node:path";
import { serveRaw } from "./network.ts";

// What the runtime reads from the environment when it starts can only be shown in a process of its own.
const folder = join(import.meta.dir, "tls");
const [cert, key] = await Promise.all(["site.pem", "site.key"].map((name) => Bun.file(join(folder, name)).text()));

const authorities: string[] = [];
const secure = createSecureServer({ cert, key, allowHTTP1: true });
secure.on("stream", (stream: ServerHttp2Stream, headers) => {
  authorities.push(`h2 ${headers[":authority"]}`);
  stream.on("error", () => {});
  const path = headers[":path"];
  if (path === "/redirect") stream.respond({ ":status": 302, location: "http://127.0.0.1/" });
  else stream.respond({ ":status": 200 });
  if (path !== "/endless") return void stream.end("hello");

  const chunk = Buffer.alloc(65_536);
  const pump = () => {
    while (!stream.destroyed && stream.write(chunk)) {}
  };
  stream.on("drain", pump);
  pump();
});
secure.on("request", (request, response) => {
  if (request.httpVersionMajor !== 1) return;
  authorities.push(`h1 ${request.headers.host}`);
  response.end("hello");
});
await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
const address = secure.address();
const port = typeof address === "object" ? address?.port : undefined;

afterAll(() => {
  secure.close();
});

/** What became of each URL, in a process started with these variables: `200 hello`, or the failure's code. */
async function fetchIn(environment: Record<string, string>, urls: string[]): Promise<string[]> {
  const client = Bun.spawn([process.execPath, join(import.meta.dir, "client.ts"), ...urls], {
    env: { ...process.env, ...environment },
    stdout: "pipe",
    stderr: "inherit",
  });
  return (await new Response(client.stdout).text()).trim().split("\n");
}

test("proxies of the environment are not used", async () => {
  using proxy = serveRaw((connection) => connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy"));
  using site = serveRaw((connection) => connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsite"));
  const through = `http://127.0.0.1:${proxy.port}`;

  const outcomes = await fetchIn({ HTTP_PROXY: through, http_proxy: through, ALL_PROXY: through, NO_PROXY: "" }, [
    site.url,
  ]);

  expect(outcomes).toEqual(["200 site"]);
  expect(proxy.opened()).toBe(0);
});

test("HTTP/2 is spoken where the runtime is told to offer it, and the guard holds over it", async () => {
  authorities.length = 0;
  const site = `https://site.test:${port}`;

  const outcomes = await fetchIn({ BUN_FEATURE_FLAG_EXPERIMENTAL_HTTP2_CLIENT: "1" }, [
    `${site}/`,
    `${site}/endless`,
    `${site}/redirect`,
    `https://other.test:${port}/`,
    `${site}/`,
  ]);

  expect(outcomes).toEqual(["200 hello", "too_large", "blocked_address", "tls", "200 hello"]);
  expect(new Set(authorities)).toEqual(new Set([`h2 site.test:${port}`]));
});

test("HTTP/1.1 is spoken otherwise", async () => {
  authorities.length = 0;

  expect(await fetchIn({ BUN_FEATURE_FLAG_EXPERIMENTAL_HTTP2_CLIENT: "" }, [`https://site.test:${port}/`])).toEqual([
    "200 hello",
  ]);
  expect(authorities).toEqual([`h1 site.test:${port}`]);
});
