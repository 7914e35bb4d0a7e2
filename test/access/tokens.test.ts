import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { exportSPKI, type JWTPayload, SignJWT } from "jose";
import { toProvider } from "../../src/access/provider.ts";
import { openTokenVerifier, type TokenVerifier } from "../../src/access/tokens.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Config } from "../../src/config/settings.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import {
  type IdentityProvider,
  makeSigningKey,
  type SigningKey,
  sign,
  startIdentityProvider,
} from "./identity-provider.ts";

const NOW = "2026-05-01T12:00:00.000Z";
const nowSeconds = Date.parse(NOW) / 1_000;
const SECRET = "a-long-random-text-of-32-characters-or-more";

let first: SigningKey;
let second: SigningKey;
let provider: IdentityProvider;
let clock: ManualClock;
let lines: string[];
const opened: TokenVerifier[] = [];

beforeAll(async () => {
  [first, second] = await Promise.all([makeSigningKey("first"), makeSigningKey("second", "RS256")]);
  provider = startIdentityProvider([first]);
});
beforeEach(() => {
  clock = createManualClock(NOW);
  lines = [];
  Object.assign(provider.state, { keys: [first], status: 200, instead: {}, requests: [] });
});
afterAll(async () => {
  for (const verifier of opened) verifier.close();
  await provider.stop();
});

test("a token that the provider signed tells who its bearer is", async () => {
  const verifier = open();

  const identity = await verifier.verify(
    await sign(first, claims({ email: "ada@example.com", user_metadata: { full_name: "Ada Lovelace" } })),
  );

  expect(identity).toEqual({
    issuer: `${provider.url}/auth/v1`,
    subject: "ada",
    name: "Ada Lovelace",
    email: "ada@example.com",
    expiresAt: new Date((nowSeconds + 60) * 1_000 + 30_000),
  });
  expect(provider.state.requests).toEqual(["/auth/v1/.well-known/jwks.json"]);
});

test.each<[string, JWTPayload, string, string]>([
  ["has expired", { exp: nowSeconds - 31 }, "expired_token", "expired"],
  ["never expires", { exp: undefined }, "bad_token", "exp is missing"],
  ["is not valid yet", { nbf: nowSeconds + 31 }, "bad_token", "not come yet"],
  ["is of another issuer", { iss: "https://evil.example/auth/v1" }, "bad_token", "claim iss"],
  ["names the issuer nearly", { iss: "ISSUER/" }, "bad_token", "claim iss"],
  ["is of no issuer", { iss: undefined }, "bad_token", "claim iss is missing"],
  ["is for another audience", { aud: "anon" }, "bad_token", "claim aud"],
  ["is for no audience", { aud: undefined }, "bad_token", "claim aud is missing"],
  ["names nobody", { sub: undefined }, "bad_token", "claim sub is missing"],
  ["has a subject that is no text", { sub: 7 as never }, "bad_token", "by its sub"],
  ["has a subject with a NUL", { sub: "a\0b" }, "bad_token", "by its sub"],
  ["has a subject without an end", { sub: "a".repeat(256) }, "bad_token", "by its sub"],
  ["is of an anonymous sign-in", { is_anonymous: true }, "bad_token", "Anonymous"],
])("a token that %s is refused, and its owner told why", async (_, change, code, why) => {
  const verifier = open();
  const iss = change.iss === "ISSUER/" ? `${provider.url}/auth/v1/` : change.iss;
  const token = await sign(first, claims({ ...change, ...("iss" in change ? { iss } : {}) }));

  await expect(verifier.verify(token)).rejects.toMatchObject({
    reason: "unauthorized",
    code,
    message: expect.stringContaining(why),
  });
});

test("the provider's clock may be off by the skew, and no more", async () => {
  const verifier = open();
  const late = await sign(first, claims({ exp: nowSeconds - 29 }));
  const early = await sign(first, claims({ nbf: nowSeconds + 29 }));

  expect((await verifier.verify(late)).subject).toBe("ada");
  expect((await verifier.verify(early)).subject).toBe("ada");
  await expect(
    open({ AUTH_CLOCK_SKEW_MS: 0 }).verify(await sign(first, claims({ exp: nowSeconds }))),
  ).rejects.toMatchObject({ code: "expired_token" });
});

test("a token without a signature, or with one that anybody can make, is refused without a word of why", async () => {
  const verifier = open();
  const payload = Buffer.from(JSON.stringify(claims())).toString("base64url");
  const header = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const publicKey = await crypto.subtle.importKey(
    "jwk",
    second.jwk,
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    true,
    ["verify"],
  );
  const pem = new TextEncoder().encode(await exportSPKI(publicKey));
  const jwkText = new TextEncoder().encode(JSON.stringify(first.jwk));
  provider.state.keys = [first, second];
  const confuse = (key: Uint8Array, kid: string) =>
    new SignJWT(claims()).setProtectedHeader({ alg: "HS256", kid }).sign(key);
  const good = await sign(first, claims());
  const stranger = await makeSigningKey("first");
  const forged = [
    `${header({ alg: "none" })}.${payload}.`,
    `${header({ alg: "none", kid: "first" })}.${payload}.${good.split(".")[2]}`,
    `${header({ alg: "NoNe", kid: "first" })}.${payload}.`,
    await confuse(pem, "second"),
    await confuse(jwkText, "first"),
    await sign(stranger, claims()),
    await sign(stranger, claims(), { jwk: stranger.jwk }),
    await sign(stranger, claims(), { jku: `${provider.url}/keys` }),
    `${good.split(".")[0]}.${Buffer.from(JSON.stringify(claims({ sub: "root" }))).toString("base64url")}.${good.split(".")[2]}`,
    `${good.slice(0, -4)}AAAA`,
    `${header({ alg: "ES256", kid: "first", crit: ["b64"], b64: false })}.${payload}.AAAA`,
    "",
    "..",
    "a.b.c",
    "a.b",
    "not a token",
    "é.é.é",
    `${"a".repeat(3_000)}.${"b".repeat(3_000)}.c`,
  ];

  for (const token of forged) {
    await expect(verifier.verify(token)).rejects.toMatchObject({
      reason: "unauthorized",
      code: "bad_token",
      message: "The token can't be verified",
    });
  }
  expect((await verifier.verify(good)).subject).toBe("ada");
});

test("what the provider signs for other ends signs nobody in", async () => {
  const verifier = open();

  for (const typ of ["JWT", "at+jwt", "application/at+jwt", "jwt"])
    expect((await verifier.verify(await sign(first, claims(), { typ }))).subject).toBe("ada");
  for (const typ of ["logout+jwt", "dpop+jwt", "secevent+jwt"])
    await expect(verifier.verify(await sign(first, claims(), { typ }))).rejects.toMatchObject({ code: "bad_token" });
});

test("a key that the provider has begun to use is fetched, and one that it has withdrawn is believed for ten minutes at the most", async () => {
  const verifier = open();
  const old = await sign(first, claims({ exp: nowSeconds + 3_600 }));
  await verifier.verify(old);
  await clock.advance(31_000);
  provider.state.keys = [second];

  const renewed = await verifier.verify(await sign(second, claims({ exp: nowSeconds + 3_600 })));

  expect(renewed.subject).toBe("ada");
  expect(provider.state.requests).toHaveLength(2);
  await expect(verifier.verify(old)).rejects.toMatchObject({ code: "bad_token" });
});

test("keys that nobody asked anew for are asked for after ten minutes", async () => {
  const verifier = open();
  const token = await sign(first, claims({ exp: nowSeconds + 3_600 }));
  await verifier.verify(token);
  provider.state.keys = [second];

  await clock.advance(9 * 60_000);
  expect((await verifier.verify(token)).subject).toBe("ada");
  await clock.advance(60_000);

  await expect(verifier.verify(token)).rejects.toMatchObject({ code: "bad_token" });
});

test("a flood of made-up key ids makes one question to the provider every half minute", async () => {
  const verifier = open();
  await verifier.verify(await sign(first, claims()));
  await clock.advance(31_000);
  const flood = await Promise.all(
    Array.from({ length: 50 }, (_, i) => sign(first, claims({ exp: nowSeconds + 300 }), { kid: `junk-${i}` })),
  );

  const answers = await Promise.allSettled(flood.map((token) => verifier.verify(token)));
  for (const token of flood) await verifier.verify(token).catch(() => {});

  expect(answers.every(({ status }) => status === "rejected")).toBe(true);
  expect(provider.state.requests).toHaveLength(2);
});

test("keys that are held outlast the provider for an hour; then, and for keys unknown, nobody can tell", async () => {
  const verifier = open();
  const token = await sign(first, claims({ exp: nowSeconds + 7_200 }));
  await verifier.verify(token);
  provider.state.status = 503;

  await clock.advance(11 * 60_000);
  expect((await verifier.verify(token)).subject).toBe("ada");
  expect((await verifier.verify(token)).subject).toBe("ada");
  expect(provider.state.requests).toHaveLength(2);
  const unknown = verifier.verify(await sign(second, claims({ exp: nowSeconds + 7_200 })));
  await expect(unknown).rejects.toMatchObject({ reason: "unavailable", code: "identity_provider" });
  await clock.advance(50 * 60_000);
  await expect(verifier.verify(token)).rejects.toMatchObject({ reason: "unavailable" });

  provider.state.status = 200;
  await clock.advance(31_000);
  expect((await verifier.verify(token)).subject).toBe("ada");
  expect(lines.map((line) => JSON.parse(line).event)).toEqual([
    "identity provider went away",
    "identity provider came back",
  ]);
});

test("a provider that is away at the start is asked once by all who wait, and not again before the cool-down is over", async () => {
  provider.state.status = 500;
  const verifier = open();
  const token = await sign(first, claims());

  const answers = await Promise.allSettled(Array.from({ length: 10 }, () => verifier.verify(token)));
  await verifier.verify(token).catch(() => {});

  expect(answers.map((answer) => (answer.status === "rejected" ? answer.reason.reason : ""))).toEqual(
    Array.from({ length: 10 }, () => "unavailable"),
  );
  expect(provider.state.requests).toHaveLength(1);
});

test.each<[string, () => void]>([
  ["a redirect", () => Object.assign(provider.state, { status: 302 })],
  ["no key set", () => Object.assign(provider.state, { instead: { "/auth/v1/.well-known/jwks.json": { keys: 7 } } })],
  [
    "more than keys take",
    () =>
      Object.assign(provider.state, {
        instead: { "/auth/v1/.well-known/jwks.json": { keys: [], padding: "x".repeat(300_000) } },
      }),
  ],
])("%s in place of the keys is taken for an outage", async (_, arrange) => {
  arrange();

  const answer = open().verify(await sign(first, claims()));

  await expect(answer).rejects.toMatchObject({ reason: "unavailable" });
});

test("an OpenID provider is found by its discovery document, whose issuer counts to the letter", async () => {
  const verifier = open({ AUTH_PROVIDER: "oidc", AUTH_AUDIENCE: "orbweaver" });
  const issued = (iss: string) => sign(first, claims({ iss, aud: ["other", "orbweaver"] }));

  expect(await verifier.verify(await issued(`${provider.url}/`))).toMatchObject({ issuer: `${provider.url}/` });
  await expect(verifier.verify(await issued(provider.url))).rejects.toMatchObject({ code: "bad_token" });
  expect(provider.state.requests).toEqual(["/.well-known/openid-configuration", "/keys"]);
});

test.each<[string, object]>([
  ["of another issuer", { issuer: "https://evil.example", jwks_uri: "https://evil.example/keys" }],
  ["without keys", { issuer: "ISSUER" }],
  ["whose keys are on a private host that nobody named", { issuer: "ISSUER", jwks_uri: "http://127.0.0.2:1/keys" }],
])("a discovery document %s is taken for an outage", async (_, document) => {
  const issuer = (document as { issuer: string }).issuer.replace("ISSUER", provider.url);
  provider.state.instead = { "/.well-known/openid-configuration": { ...document, issuer } };

  const answer = open({ AUTH_PROVIDER: "oidc", AUTH_AUDIENCE: "orbweaver" }).verify(await sign(first, claims()));

  await expect(answer).rejects.toMatchObject({ reason: "unavailable" });
});

test("Clerk's tokens need no audience, and a session that is pending signs nobody in", async () => {
  provider.state.keys = [second];
  const verifier = open({ AUTH_PROVIDER: "clerk" });
  const issued = (more: JWTPayload) => sign(second, claims({ iss: provider.url, aud: undefined, ...more }));

  expect((await verifier.verify(await issued({ sts: "active" }))).subject).toBe("ada");
  await expect(verifier.verify(await issued({ sts: "pending" }))).rejects.toMatchObject({ code: "bad_token" });
});

test("tokens signed by a shared secret are taken by that secret and algorithm alone", async () => {
  const verifier = open({ AUTH_PROVIDER: "secret", AUTH_SECRET: SECRET, AUTH_URL: undefined });
  const issue = (secret: string, alg: string) =>
    new SignJWT(claims({ iss: undefined, aud: undefined }))
      .setProtectedHeader({ alg })
      .sign(new TextEncoder().encode(secret));

  expect(await verifier.verify(await issue(SECRET, "HS256"))).toMatchObject({ issuer: "secret", subject: "ada" });
  await expect(verifier.verify(await issue(`${SECRET}!`, "HS256"))).rejects.toMatchObject({ code: "bad_token" });
  await expect(verifier.verify(await issue(SECRET + SECRET, "HS512"))).rejects.toMatchObject({ code: "bad_token" });
  await expect(verifier.verify(await sign(first, claims()))).rejects.toMatchObject({ code: "bad_token" });
});

test.each<[JWTPayload, object]>([
  [{ name: "  Ada\u0000 L.  " }, { name: "Ada  L." }],
  [{ given_name: "Ada", family_name: "Lovelace" }, { name: "Ada Lovelace" }],
  [{ preferred_username: "ada" }, { name: "ada" }],
  [
    { name: 7, email: ["x"] },
    { name: undefined, email: undefined },
  ],
  [{ email: "ada@example.com", email_verified: false }, { email: undefined }],
])("of the claims %j is taken %j", async (more, expected) => {
  expect(await open().verify(await sign(first, claims(more)))).toMatchObject(expected);
});

test("a provider that is asked in plain text over a network is warned about", () => {
  open({ AUTH_URL: "http://keycloak:8080" });
  open({ AUTH_URL: "https://keycloak.example" });
  open();

  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: "warn", event: "identity provider is asked without TLS", host: "keycloak:8080" },
  ]);
});

function claims(more: JWTPayload = {}): JWTPayload {
  return { iss: `${provider.url}/auth/v1`, aud: "authenticated", sub: "ada", exp: nowSeconds + 60, ...more };
}

function open(settings: Partial<Config> = {}): TokenVerifier {
  const config = readConfig({}, { AUTH_PROVIDER: "supabase", AUTH_URL: provider.url, ...settings });
  const known = toProvider(config);
  if (!known) throw new Error("No provider");
  const log = createLog("debug", clock, (line) => lines.push(line));
  const verifier = openTokenVerifier(known, config, { clock, log });
  opened.push(verifier);
  return verifier;
}
