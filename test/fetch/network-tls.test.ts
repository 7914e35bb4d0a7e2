import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { createAddressPolicy } from "../../src/fetch/address-policy.ts";
import { failureOf, openNetwork, textOf } from "./network.ts";

// A certificate for site.test, *.wild.test and 127.0.0.1 under an authority of the tests' own, valid for a century;
// and one for the same names that ran out in 2020.
const folder = join(import.meta.dir, "tls");
const [ca, cert, expired, key] = await Promise.all(
  ["authority.pem", "site.pem", "expired.pem", "site.key"].map((name) => Bun.file(join(folder, name)).text()),
);

const answer = (request: Request, server: Bun.Server<undefined>) =>
  new Response(`${request.headers.get("host")} ${server.requestIP(request)?.port}`);
const site = Bun.serve({ hostname: "127.0.0.1", port: 0, tls: { cert, key }, fetch: answer });
const stale = Bun.serve({ hostname: "127.0.0.1", port: 0, tls: { cert: expired, key }, fetch: answer });
const { fetch, close } = openNetwork({ ca });

afterAll(() => {
  close();
  site.stop(true);
  stale.stop(true);
});

test("a name's certificate is verified though the connection goes to an address, and connections are kept", async () => {
  const answers = new Set<string>();
  for (let run = 0; run < 5; run += 1) answers.add(textOf(await fetch({ url: `https://site.test:${site.port}/` })));

  expect([...answers]).toEqual([expect.stringMatching(new RegExp(`^site\\.test:${site.port} \\d+$`))]);
});

test("each name is verified on its own, even on an address that was verified for another", async () => {
  expect((await fetch({ url: `https://a.wild.test:${site.port}/` })).status).toBe(200);
  expect((await fetch({ url: `https://site.test.:${site.port}/` })).status).toBe(200);

  const failure = await failureOf(fetch({ url: `https://other.test:${site.port}/` }));
  expect(failure).toMatchObject({ code: "tls", isRetryable: false });
  expect(failure.message).toBe(`other.test:${site.port} (127.0.0.1) has a certificate that is not for other.test`);
});

test("an address in the URL is verified as an address", async () => {
  expect((await fetch({ url: `https://127.0.0.1:${site.port}/` })).status).toBe(200);

  const elsewhere = Bun.serve({ hostname: "127.0.0.2", port: 0, tls: { cert, key }, fetch: answer });
  const failure = await failureOf(fetch({ url: `https://127.0.0.2:${elsewhere.port}/` }));
  expect(failure.message).toBe(`127.0.0.2:${elsewhere.port} has a certificate that is not for 127.0.0.2`);
  elsewhere.stop(true);
});

test("a certificate that nobody vouches for, or that has run out, is refused for good", async () => {
  const strict = openNetwork();

  const unknown = await failureOf(strict.fetch({ url: `https://site.test:${site.port}/` }));
  expect(unknown).toMatchObject({ code: "tls", isRetryable: false });
  expect(unknown.message).toStartWith(`site.test:${site.port} (127.0.0.1) has a certificate that can't be trusted (`);

  const old = await failureOf(fetch({ url: `https://site.test:${stale.port}/` }));
  expect(old).toMatchObject({ code: "tls", isRetryable: false });
  expect(old.message).toBe(`site.test:${stale.port} (127.0.0.1) has a certificate that has expired`);
  strict.close();
});

test("a server that speaks no TLS fails as tls", async () => {
  const plain = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("plain") });

  const failure = await failureOf(fetch({ url: `https://site.test:${plain.port}/` }));

  expect(failure).toMatchObject({ code: "tls", isRetryable: false });
  plain.stop(true);
});

test("the name is indicated in the handshake", async () => {
  const names: string[] = [];
  const picky = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: [
      { serverName: "other.test", cert: expired, key },
      { serverName: "site.test", cert, key },
    ],
    fetch(request) {
      names.push(new URL(request.url).hostname);
      return new Response("ok");
    },
  });

  expect((await fetch({ url: `https://site.test:${picky.port}/` })).status).toBe(200);
  expect((await failureOf(fetch({ url: `https://other.test:${picky.port}/` }))).message).toContain("has expired");
  expect(names).toEqual(["site.test"]);
  picky.stop(true);
});

test("a redirect from HTTPS to a private address is refused", async () => {
  const guarded = openNetwork({ ca, policy: createAddressPolicy({ allow: ["site.test"] }) });
  const tempting = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert, key },
    fetch: () => Response.redirect("http://127.0.0.1/", 302),
  });

  const failure = await failureOf(guarded.fetch({ url: `https://site.test:${tempting.port}/` }));

  expect(failure.code).toBe("blocked_address");
  tempting.stop(true);
  guarded.close();
});
